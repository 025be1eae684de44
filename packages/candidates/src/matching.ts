import { isUnitOf, ownOf } from "./capacity.js";
import type { Ask, CompiledRequest } from "./compiled-request.js";
import type { Forest } from "./forest.js";
import type { FreeColumn } from "./free-column.js";
import type { Posting, Postings } from "./postings.js";
import { countBits, lowestBit, PAGE_SLOTS, PAGE_WORDS, type SlotPage, SlotSet } from "./slot-set.js";
import { canServe, MOST_STEPS } from "./tree-search.js";

/** So many steps all searches of one call go together; beyond that, each tree has only this many. */
const MOST_STEPS_TOGETHER = 1_000_000;
const FEW_STEPS = 100;

/** One of these must be there. */
type AnyOf = readonly Posting[];

/** A request as the indexes of one moment see it. */
interface Terms {
  /** Of each, the root has one. */
  readonly root: readonly AnyOf[];
  readonly rootForbidden: readonly Posting[];
  /** Of each, one is anywhere in the tree or shared with it. */
  readonly anywhere: readonly AnyOf[];
  /** What else the root needs to serve a flat request by itself. */
  readonly alone: readonly AnyOf[];
  readonly aloneForbidden: readonly Posting[];
  readonly totals: readonly { readonly ask: Ask; readonly column?: FreeColumn; readonly posting?: Posting }[];
}

/**
 * Slots of the trees that can serve a request, ascending. Page by page, bits of the indexes are put together and amounts
 * compared; whatever that leaves open is searched tree by tree. A root that can serve a flat request by itself is never
 * searched, whatever is below it.
 */
export function matchingSlots(forest: Forest, request: CompiledRequest, within?: Iterable<number>): number[] {
  const bounds = boundsOf(forest, request, within);
  const terms = termsOf(forest, request);
  const found: { readonly index: number; readonly bits: SlotPage }[] = [];
  const tree = new Int32Array(PAGE_WORDS);
  const root = new Int32Array(PAGE_WORDS);
  const budget = { spent: 0, mostAt: (spent: number) => (spent < MOST_STEPS_TOGETHER ? MOST_STEPS : FEW_STEPS) };
  const isServed = (slot: number) => {
    const view = forest.view(slot);
    return view !== undefined && canServe(view, request, budget);
  };
  for (let index = 0; index < forest.roots.pages; index++) {
    if (!begin(tree, index, forest.roots, bounds)) continue;
    const complex = forest.complex.page(index);
    narrow(tree, index, terms, complex);
    root.set(tree);
    for (const anyOf of terms.alone) keepAny(root, anyOf, (posting) => posting.roots.page(index));
    for (const posting of terms.aloneForbidden) drop(root, posting.roots.page(index));
    if (request.flat) keepEither(tree, root, complex);
    for (const total of terms.totals) weighUp(tree, root, index, total, forest);
    for (let word = 0; word < PAGE_WORDS; word++) {
      const nested = complex?.[word] ?? 0;
      let hits = request.flat ? (root[word] ?? 0) : 0;
      const open = request.flat ? (tree[word] ?? 0) & nested & ~hits : openBits(tree, root, word, nested);
      for (let bits = open; bits !== 0; bits &= bits - 1) {
        const bit = lowestBit(bits);
        if (isServed(index * PAGE_SLOTS + word * 32 + bit)) hits |= 1 << bit;
      }
      root[word] = hits;
    }
    found.push({ index, bits: root.slice() });
  }
  return listOf(found);
}

/** Counted first: a list that grows by pushing costs more than all that comes before. */
function listOf(pages: readonly { readonly index: number; readonly bits: SlotPage }[]): number[] {
  let count = 0;
  for (const { bits } of pages) for (const word of bits) count += countBits(word);
  const slots = new Array<number>(count);
  let at = 0;
  for (const { index, bits } of pages) {
    for (let word = 0; word < PAGE_WORDS; word++) {
      const first = index * PAGE_SLOTS + word * 32;
      for (let left = bits[word] ?? 0; left !== 0; left &= left - 1) slots[at++] = first + lowestBit(left);
    }
  }
  return slots;
}

/** A root by itself has to have all; in a complex tree others may help. */
function openBits(tree: SlotPage, root: SlotPage, word: number, complex: number): number {
  return ((root[word] ?? 0) & ~complex) | ((tree[word] ?? 0) & complex);
}

/** The slots to which the call itself and `inTree` keep the search. */
function boundsOf(forest: Forest, request: CompiledRequest, within?: Iterable<number>): readonly SlotSet[] {
  const bounds: SlotSet[] = [];
  if (within) bounds.push(within instanceof SlotSet ? within : SlotSet.of(within));
  for (const { inTree, spreads } of request.groups) {
    if (inTree === null) continue;
    const rootId = forest.rootOf(inTree);
    const slot = rootId === undefined ? undefined : forest.slotOf(rootId);
    // What a group with a suffix takes of that tree may be shared with any other.
    if (rootId !== undefined && slot !== undefined && !spreads && forest.shares(rootId)) continue;
    bounds.push(SlotSet.of(slot === undefined ? [] : [slot]));
  }
  return bounds;
}

function termsOf(forest: Forest, request: CompiledRequest): Terms {
  const { traits, aggregates, classes } = forest;
  const anyOf = (postings: Postings, names: readonly string[]) => names.flatMap((name) => postings.get(name) ?? []);
  const { groups, flat } = request;
  const alone = flat
    ? [...flat.required.map((each) => anyOf(traits, each)), ...flat.memberOf.map((each) => anyOf(aggregates, each))]
    : [];
  return {
    root: request.rootRequired.map((trait) => anyOf(traits, [trait])),
    rootForbidden: anyOf(traits, request.rootForbidden),
    anywhere: groups.flatMap(({ required, memberOf }) => [
      ...required.map((each) => anyOf(traits, each)),
      ...memberOf.map((each) => anyOf(aggregates, each)),
    ]),
    alone,
    aloneForbidden: flat ? [...anyOf(traits, flat.forbidden), ...anyOf(aggregates, flat.notMemberOf)] : [],
    totals: request.totals.map((ask) => {
      const column = forest.column(ask.resourceClass);
      const posting = classes.get(ask.resourceClass);
      return { ask, ...(column && { column }), ...(posting && { posting }) };
    }),
  };
}

/** Fills the page with the slots that are in bounds. False: there are none. */
function begin(page: SlotPage, index: number, roots: SlotSet, bounds: readonly SlotSet[]): boolean {
  const all = roots.page(index);
  if (!all) return false;
  page.set(all);
  for (const bound of bounds) {
    const own = bound.page(index);
    if (!own) return false;
    keep(page, own);
  }
  return true;
}

/** Leaves the slots whose trees have what the request needs somewhere. */
function narrow(page: SlotPage, index: number, terms: Terms, complex: SlotPage | undefined): void {
  for (const anyOf of terms.root) keepAny(page, anyOf, (posting) => posting.roots.page(index));
  for (const posting of terms.rootForbidden) drop(page, posting.roots.page(index));
  for (const anyOf of terms.anywhere) {
    const isShared = anyOf.some(({ sharers }) => sharers > 0);
    for (let word = 0; word < PAGE_WORDS; word++) {
      if (page[word] === 0) continue;
      let bits = isShared ? (complex?.[word] ?? 0) : 0;
      for (const { roots, nested } of anyOf)
        bits |= (roots.page(index)?.[word] ?? 0) | (nested.page(index)?.[word] ?? 0);
      page[word] = (page[word] ?? 0) & bits;
    }
  }
}

/** Leaves of roots those with room for the whole amount, and of trees those, too, in which others may give some. */
function weighUp(
  tree: SlotPage,
  root: SlotPage,
  index: number,
  { ask, column, posting }: Terms["totals"][number],
  forest: Forest,
): void {
  const page = column?.page(index);
  const nested = posting?.nested.page(index);
  const shared = posting && posting.sharers > 0 ? forest.complex.page(index) : undefined;
  for (let word = 0; word < PAGE_WORDS; word++) {
    const open = (tree[word] ?? 0) | (root[word] ?? 0);
    if (open === 0) continue;
    let enough = 0;
    if (page && (page.largest[word] ?? 0) >= ask.amount) {
      enough = enoughBits(page.rooms, word * 32, open, ask.amount);
      for (let bits = enough & (page.picky[word] ?? 0); bits !== 0; bits &= bits - 1) {
        const bit = lowestBit(bits);
        if (!isUnitAt(forest, index * PAGE_SLOTS + word * 32 + bit, ask)) enough &= ~(1 << bit);
      }
    }
    root[word] = (root[word] ?? 0) & enough;
    tree[word] = (tree[word] ?? 0) & (enough | (nested?.[word] ?? 0) | (shared?.[word] ?? 0));
  }
}

/** Of the slots of a word that are open, those with room for the amount. */
function enoughBits(rooms: Float64Array, first: number, open: number, amount: number): number {
  let enough = 0;
  if (countBits(open) > 12) {
    // To look at all is quicker than to pick out most.
    for (let bit = 0; bit < 32; bit++) if ((rooms[first + bit] ?? 0) >= amount) enough |= 1 << bit;
    return enough & open;
  }
  for (let bits = open; bits !== 0; bits &= bits - 1) {
    const bit = lowestBit(bits);
    if ((rooms[first + bit] ?? 0) >= amount) enough |= 1 << bit;
  }
  return enough;
}

function isUnitAt(forest: Forest, slot: number, { resourceClass, amount }: Ask): boolean {
  const inventory = ownOf(forest.rootAt(slot)?.inventories ?? {}, resourceClass);
  return inventory !== undefined && isUnitOf(inventory, amount);
}

function keepAny(page: SlotPage, anyOf: AnyOf, bitsOf: (posting: Posting) => SlotPage | undefined): void {
  const pages = anyOf.flatMap((posting) => bitsOf(posting) ?? []);
  for (let word = 0; word < PAGE_WORDS; word++) {
    let bits = 0;
    for (const each of pages) bits |= each[word] ?? 0;
    page[word] = (page[word] ?? 0) & bits;
  }
}

function keep(page: SlotPage, bits: SlotPage): void {
  for (let word = 0; word < PAGE_WORDS; word++) page[word] = (page[word] ?? 0) & (bits[word] ?? 0);
}

/** A root that cannot serve a flat request by itself is worth no further look, unless others may help. */
function keepEither(tree: SlotPage, root: SlotPage, complex: SlotPage | undefined): void {
  for (let word = 0; word < PAGE_WORDS; word++) {
    tree[word] = (tree[word] ?? 0) & ((root[word] ?? 0) | (complex?.[word] ?? 0));
  }
}

function drop(page: SlotPage, bits: SlotPage | undefined): void {
  if (!bits) return;
  for (let word = 0; word < PAGE_WORDS; word++) page[word] = (page[word] ?? 0) & ~(bits[word] ?? 0);
}
