import type { Provider } from "@kilonova/contracts";
import { FreeColumn } from "./free-column.js";
import { Postings, type Standing } from "./postings.js";
import { SlotSet } from "./slot-set.js";
import type { Lineage, TreeView } from "./tree-view.js";

/** A provider with this trait shares what it has with every tree that has a provider in one of its aggregates. */
export const SHARES_VIA_AGGREGATE = "MISC_SHARES_VIA_AGGREGATE";

interface Tree {
  readonly rootId: string;
  readonly members: Map<string, Entry>;
  /** -1 while its root is not known: nothing of it is to be had then. */
  slot: number;
  /** Made when it is first looked at. */
  around: Around | undefined;
}

interface Entry {
  readonly tree: Tree;
  provider: Provider;
}

interface Around {
  readonly own: readonly Entry[];
  readonly sharers: readonly Entry[];
  /** Good as long as nothing changes in who shares with whom. */
  readonly epoch: number;
}

/**
 * Providers as trees, each with a slot, and the indexes over them. Every change costs what it touches: of a provider of
 * which only more or less is taken, a write for each of its resources.
 */
export class Forest implements Lineage {
  /** Slots of all trees. */
  readonly roots = new SlotSet();
  /** Of those that are more than a root by itself: with providers below it, or others that share with it. */
  readonly complex = new SlotSet();
  readonly traits = new Postings();
  readonly aggregates = new Postings();
  readonly classes = new Postings();

  readonly #entries = new Map<string, Entry>();
  readonly #trees = new Map<string, Tree>();
  readonly #bySlot: (Tree | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #columns = new Map<string, FreeColumn>();
  /** Providers that share, by aggregate. */
  readonly #sharers = new Map<string, Set<Entry>>();
  #epoch = 0;

  get size(): number {
    return this.#entries.size;
  }

  get slots(): number {
    return this.#bySlot.length;
  }

  get(id: string): Provider | undefined {
    return this.#entries.get(id)?.provider;
  }

  *values(): IterableIterator<Provider> {
    for (const { provider } of this.#entries.values()) yield provider;
  }

  /** What roots can give of a resource; undefined where none ever had any. */
  column(resourceClass: string): FreeColumn | undefined {
    return this.#columns.get(resourceClass);
  }

  slotOf(rootId: string): number | undefined {
    const slot = this.#trees.get(rootId)?.slot;
    return slot === undefined || slot < 0 ? undefined : slot;
  }

  rootAt(slot: number): Provider | undefined {
    const tree = this.#bySlot[slot];
    return tree?.members.get(tree.rootId)?.provider;
  }

  /** The providers of a tree, the root first; empty where the root is not known. */
  tree(rootId: string): readonly Provider[] {
    const tree = this.#trees.get(rootId);
    return tree && tree.slot >= 0 ? this.#aroundOf(tree).own.map(({ provider }) => provider) : [];
  }

  /** True where providers of a tree share with others. */
  shares(rootId: string): boolean {
    for (const entry of this.#trees.get(rootId)?.members.values() ?? []) if (isSharing(entry.provider)) return true;
    return false;
  }

  parentOf(providerId: string): string | null | undefined {
    return this.#entries.get(providerId)?.provider.parentId;
  }

  rootOf(providerId: string): string | undefined {
    return this.#entries.get(providerId)?.provider.rootId;
  }

  /** All that may serve a request at a slot, as a request imagines it; undefined where the slot has no tree. */
  view(slot: number, overrides?: ReadonlyMap<string, Provider>): TreeView | undefined {
    const tree = this.#bySlot[slot];
    const root = tree?.members.get(tree.rootId);
    if (!tree || !root) return undefined;
    const now = ({ provider }: Entry) => overrides?.get(provider.id) ?? provider;
    if (!this.complex.has(slot)) {
      const provider = now(root);
      return { root: provider, seats: [{ index: 0, provider, isOwn: true }], lineage: this };
    }
    const { own, sharers } = this.#aroundOf(tree);
    const seats = [...own, ...sharers].map((entry, index) => ({
      index,
      provider: now(entry),
      isOwn: index < own.length,
    }));
    return { root: now(root), seats, lineage: this };
  }

  set(provider: Provider): void {
    const known = this.#entries.get(provider.id);
    if (known?.tree.rootId === provider.rootId) {
      this.#replace(known, provider);
      return;
    }
    if (known) this.delete(provider.id);
    const tree = this.#treeOf(provider.rootId);
    const entry = { tree, provider };
    this.#entries.set(provider.id, entry);
    tree.members.set(provider.id, entry);
    if (provider.id !== tree.rootId) {
      if (tree.slot >= 0) this.#post(entry);
      return;
    }
    tree.slot = this.#freeSlots.pop() ?? this.#bySlot.length;
    this.#bySlot[tree.slot] = tree;
    this.roots.add(tree.slot);
    for (const member of tree.members.values()) this.#post(member);
  }

  delete(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const { tree } = entry;
    const isRoot = id === tree.rootId;
    if (tree.slot >= 0) for (const each of isRoot ? tree.members.values() : [entry]) this.#unpost(each);
    this.#entries.delete(id);
    tree.members.delete(id);
    if (isRoot) this.#releaseSlot(tree);
    else if (tree.slot >= 0) this.#mark(tree.slot);
    if (tree.members.size === 0) this.#trees.delete(tree.rootId);
  }

  #replace(entry: Entry, provider: Provider): void {
    const before = entry.provider;
    if (entry.tree.slot < 0 || isSamePlace(before, provider)) {
      entry.provider = provider;
      if (entry.tree.slot >= 0 && provider.id === entry.tree.rootId) this.#writeRooms(entry);
      return;
    }
    this.#unpost(entry);
    entry.provider = provider;
    this.#post(entry);
  }

  /** Enters a provider into all indexes. Its tree has a slot. */
  #post(entry: Entry): void {
    const { provider, tree } = entry;
    const standing = standingOf(entry);
    this.traits.add(provider.traits, standing);
    this.aggregates.add(provider.aggregates, standing);
    this.classes.add(Object.keys(provider.inventories), standing);
    if (standing.isRoot) this.#writeRooms(entry);
    tree.around = undefined;
    if (standing.isSharing) {
      for (const aggregate of provider.aggregates) {
        const sharers = this.#sharers.get(aggregate) ?? new Set();
        this.#sharers.set(aggregate, sharers.add(entry));
      }
      this.#markAround(provider);
    }
    this.#mark(tree.slot);
  }

  /** Takes back what `post` did. */
  #unpost(entry: Entry): void {
    const { provider, tree } = entry;
    const standing = standingOf(entry);
    if (standing.isSharing) {
      for (const aggregate of provider.aggregates) {
        const sharers = this.#sharers.get(aggregate);
        sharers?.delete(entry);
        if (sharers?.size === 0) this.#sharers.delete(aggregate);
      }
      this.#markAround(provider);
    }
    this.traits.delete(provider.traits, standing);
    this.aggregates.delete(provider.aggregates, standing);
    this.classes.delete(Object.keys(provider.inventories), standing);
    if (standing.isRoot) {
      for (const resourceClass of Object.keys(provider.inventories)) this.#columns.get(resourceClass)?.clear(tree.slot);
    }
    tree.around = undefined;
  }

  #writeRooms({ provider, tree }: Entry): void {
    for (const resourceClass of Object.keys(provider.inventories)) {
      let column = this.#columns.get(resourceClass);
      if (!column) {
        column = new FreeColumn();
        this.#columns.set(resourceClass, column);
      }
      column.set(tree.slot, provider, resourceClass);
    }
  }

  /** Looks again at all trees around a provider that shares, or did. */
  #markAround(sharer: Provider): void {
    this.#epoch++;
    for (const aggregate of sharer.aggregates) {
      const posting = this.aggregates.get(aggregate);
      for (const slot of posting?.roots ?? []) this.#mark(slot);
      for (const slot of posting?.nested ?? []) this.#mark(slot);
    }
  }

  #mark(slot: number): void {
    const tree = this.#bySlot[slot];
    const root = tree?.members.get(tree.rootId);
    if (!tree || !root) return;
    const isComplex = tree.members.size > 1 || root.provider.aggregates.some((each) => this.#hasOther(each, root));
    if (isComplex) this.complex.add(slot);
    else this.complex.delete(slot);
  }

  #hasOther(aggregate: string, root: Entry): boolean {
    const sharers = this.#sharers.get(aggregate);
    return sharers !== undefined && sharers.size > (sharers.has(root) ? 1 : 0);
  }

  #aroundOf(tree: Tree): Around {
    if (tree.around && tree.around.epoch === this.#epoch) return tree.around;
    const members = [...tree.members.values()];
    const root = members.filter(({ provider }) => provider.id === tree.rootId);
    const below = members.filter(({ provider }) => provider.id !== tree.rootId);
    const sharers = new Set<Entry>();
    for (const { provider } of members) {
      for (const aggregate of provider.aggregates) {
        for (const sharer of this.#sharers.get(aggregate) ?? []) if (sharer.tree !== tree) sharers.add(sharer);
      }
    }
    tree.around = { own: [...root, ...below.sort(byName)], sharers: [...sharers].sort(byName), epoch: this.#epoch };
    return tree.around;
  }

  #treeOf(rootId: string): Tree {
    const known = this.#trees.get(rootId);
    if (known) return known;
    const made: Tree = { rootId, members: new Map(), slot: -1, around: undefined };
    this.#trees.set(rootId, made);
    return made;
  }

  #releaseSlot(tree: Tree): void {
    if (tree.slot < 0) return;
    this.roots.delete(tree.slot);
    this.complex.delete(tree.slot);
    this.#bySlot[tree.slot] = undefined;
    this.#freeSlots.push(tree.slot);
    tree.slot = -1;
  }
}

function standingOf({ provider, tree }: Entry): Standing {
  return { slot: tree.slot, isRoot: provider.id === tree.rootId, isSharing: isSharing(provider) };
}

function isSharing({ traits }: Provider): boolean {
  return traits.includes(SHARES_VIA_AGGREGATE);
}

/** True where only amounts differ: nothing that an index goes by, but for what is free. */
function isSamePlace(before: Provider, now: Provider): boolean {
  return (
    before.parentId === now.parentId &&
    before.name === now.name &&
    isSameList(before.traits, now.traits) &&
    isSameList(before.aggregates, now.aggregates) &&
    (before.inventories === now.inventories ||
      isSameList(Object.keys(before.inventories), Object.keys(now.inventories)))
  );
}

function isSameList(list: readonly string[], other: readonly string[]): boolean {
  return list === other || (list.length === other.length && list.every((each, index) => each === other[index]));
}

/** By code unit, so that the order is the same everywhere. */
function byName({ provider: a }: Entry, { provider: b }: Entry): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
