import { roomAt } from "./capacity.js";
import { haveRequired, isChoice, isRootEnough } from "./choices.js";
import type { CompiledGroup, CompiledRequest } from "./compiled-request.js";
import { rootLacks } from "./provider-lacks.js";
import type { Lineage, Seat, TreeView } from "./tree-view.js";

/**
 * So many steps one search goes at most, a step being to try one provider for one part. What it has not found by then
 * it does not find: a tree that can serve a request in some contrived way may be passed over, and of very many
 * candidates the last are left out. Requests that are met in practice need some dozens.
 */
export const MOST_STEPS = 20_000;

/** How many steps searches have gone together, and how many one may go. */
export interface StepBudget {
  spent: number;
  /** What one search may have when so many are spent. */
  mostAt(spent: number): number;
}

/**
 * True where the tree can serve the request. What is plain to see needs no search: a root that can serve all of it, or
 * parts that have nothing to do with each other.
 */
export function canServe(view: TreeView, request: CompiledRequest, budget?: StepBudget): boolean {
  if (isRootEnough(view, request)) return true;
  if (view.seats.length === 1) return false;
  if (request.isLoose) {
    const isServed = request.parts.every((part) => view.seats.some((seat) => isChoice(seat, part, view)));
    return isServed && rootLacks(view.root, request).length === 0;
  }
  const search = new TreeSearch(view, request, budget?.mostAt(budget.spent));
  const isFound = search.next();
  if (budget) budget.spent += search.steps;
  return isFound;
}

/** Parts that have to be looked at together, once the last of them has its provider. */
interface Check {
  readonly parts: readonly number[];
  holds(seats: readonly Seat[]): boolean;
}

/**
 * All ways in which one tree can serve a request, one after the other, always in the same order: a provider for each
 * part, parts with the fewest choices first, providers in the view's order.
 */
export class TreeSearch {
  /** Steps gone. */
  steps = 0;

  readonly #order: readonly number[];
  readonly #choices: readonly (readonly Seat[])[];
  /** The checks that are due when a part has its provider, by its place in the order. */
  readonly #checks: readonly (readonly Check[])[];
  /** By part, its provider. */
  readonly #picked: (Seat | undefined)[];
  /** By place in the order, which choice was tried last. */
  readonly #tried: Int32Array;
  /** By seat and contended resource, what the parts that have their provider take. */
  readonly #taken: Float64Array;
  readonly #isUsed: Uint8Array;
  #depth = 0;
  #isOver = false;

  constructor(
    private readonly view: TreeView,
    private readonly request: CompiledRequest,
    private readonly most = MOST_STEPS,
  ) {
    const { parts } = request;
    const isRootFit = rootLacks(view.root, request).length === 0;
    this.#choices = isRootFit ? parts.map((part) => view.seats.filter((seat) => isChoice(seat, part, view))) : [];
    this.#isOver = !isRootFit || this.#isHopeless();
    this.#order = this.#isOver ? [] : [...parts.keys()].sort((a, b) => this.#count(a) - this.#count(b));
    this.#checks = this.#isOver ? [] : this.#placeChecks();
    this.#picked = parts.map(() => undefined);
    this.#tried = new Int32Array(parts.length + 1).fill(-1);
    this.#taken = new Float64Array(view.seats.length * request.contended);
    this.#isUsed = new Uint8Array(view.seats.length);
  }

  /** Finds the next way. False: there is no other. */
  next(): boolean {
    const { length } = this.#order;
    if (this.#isOver) return false;
    if (length === 0) {
      this.#isOver = true;
      return true;
    }
    if (this.#depth === length) this.#back();
    while (this.#depth >= 0) {
      const part = this.#order[this.#depth] ?? 0;
      const choice = (this.#tried[this.#depth] ?? 0) + 1;
      const seat = this.#choices[part]?.[choice];
      if (!seat) {
        this.#tried[this.#depth] = -1;
        this.#back();
        continue;
      }
      if (this.steps++ >= this.most) break;
      this.#tried[this.#depth] = choice;
      if (!this.#place(part, seat)) continue;
      this.#depth++;
      if (this.#depth === length) return true;
    }
    this.#isOver = true;
    return false;
  }

  /** The way just found: a provider for each part, in the request's order. */
  get picked(): readonly Seat[] {
    return this.#picked.filter((seat) => seat !== undefined);
  }

  /** Steps back to the part before, and frees its provider. */
  #back(): void {
    this.#depth--;
    const part = this.#order[this.#depth];
    if (part !== undefined) this.#unplace(part);
  }

  #place(part: number, seat: Seat): boolean {
    const { isolates, contended: classes, parts } = this.request;
    const { group, contended } = parts[part] ?? {};
    const isAlone = isolates && group?.spreads === false;
    if (isAlone && this.#isUsed[seat.index]) return false;
    for (const { number, ask } of contended ?? []) {
      const taken = this.#taken[seat.index * classes + number] ?? 0;
      if (taken + ask.amount > roomAt(seat.provider, ask.resourceClass)) return false;
    }
    if (isAlone) this.#isUsed[seat.index] = 1;
    for (const { number, ask } of contended ?? []) this.#take(seat.index * classes + number, ask.amount);
    this.#picked[part] = seat;
    for (const check of this.#checks[this.#depth] ?? []) {
      const seats = check.parts.flatMap((each) => this.#picked[each] ?? []);
      if (check.holds(seats)) continue;
      this.#unplace(part);
      return false;
    }
    return true;
  }

  #unplace(part: number): void {
    const { isolates, contended: classes, parts } = this.request;
    const seat = this.#picked[part];
    const { group, contended } = parts[part] ?? {};
    if (!seat) return;
    if (isolates && group?.spreads === false) this.#isUsed[seat.index] = 0;
    for (const { number, ask } of contended ?? []) this.#take(seat.index * classes + number, -ask.amount);
    this.#picked[part] = undefined;
  }

  #take(at: number, amount: number): void {
    this.#taken[at] = (this.#taken[at] ?? 0) + amount;
  }

  #count(part: number): number {
    return this.#choices[part]?.length ?? 0;
  }

  /** What can be seen without trying: a tree in which nothing is to be found is the common case. */
  #isHopeless(): boolean {
    const { request } = this;
    const choices = this.#choices;
    if (choices.some((seats) => seats.length === 0)) return true;
    for (const group of request.groups) {
      if (!group.spreads || group.required.length === 0) continue;
      const seats = choices.filter((_, part) => request.parts[part]?.group === group).flat();
      if (!haveRequired(seats, group)) return true;
    }
    if (request.isolates) {
      const alone = choices.filter((_, part) => request.parts[part]?.group.spreads === false);
      if (new Set(alone.flat()).size < alone.length) return true;
    }
    for (let number = 0; number < request.contended; number++) {
      if (this.#isScarce(number)) return true;
    }
    return false;
  }

  /** Of a resource that several parts ask for, there is too little for all of them. */
  #isScarce(number: number): boolean {
    const seats = new Set<Seat>();
    let resourceClass = "";
    let asked = 0;
    this.request.parts.forEach(({ contended }, part) => {
      const own = contended.find((each) => each.number === number);
      if (!own) return;
      resourceClass = own.ask.resourceClass;
      asked += own.ask.amount;
      for (const seat of this.#choices[part] ?? []) seats.add(seat);
    });
    let room = 0;
    for (const { provider } of seats) room += roomAt(provider, resourceClass);
    return room < asked;
  }

  #placeChecks(): readonly (readonly Check[])[] {
    const depths = new Map(this.#order.map((part, depth) => [part, depth]));
    const byDepth: Check[][] = this.#order.map(() => []);
    for (const check of checksOf(this.view, this.request)) {
      const last = Math.max(...check.parts.map((part) => depths.get(part) ?? 0));
      byDepth[last]?.push(check);
    }
    return byDepth;
  }
}

function checksOf(view: TreeView, request: CompiledRequest): Check[] {
  const { groups, parts, sameSubtree } = request;
  const partsFor = (isMeant: (group: CompiledGroup) => boolean) =>
    [...parts.keys()].filter((part) => {
      const group = parts[part]?.group;
      return group !== undefined && isMeant(group);
    });
  const checks: Check[] = [];
  for (const group of groups) {
    if (!group.spreads || group.required.length === 0) continue;
    checks.push({
      parts: partsFor((each) => each === group),
      holds: (seats) => haveRequired(seats, group),
    });
  }
  for (const suffixes of sameSubtree) {
    const involved = partsFor(({ suffix }) => suffixes.includes(suffix));
    if (involved.length > 1) checks.push({ parts: involved, holds: (seats) => isOneSubtree(seats, view.lineage) });
  }
  return checks;
}

/** True where one of the providers is above all others, or the same. */
function isOneSubtree(seats: readonly Seat[], lineage: Lineage): boolean {
  const above = seats.map(({ provider }) => lineOf(provider.id, lineage));
  return seats.some(({ provider }) => above.every((line) => line.has(provider.id)));
}

/** A provider and all that are above it. */
function lineOf(providerId: string, lineage: Lineage): ReadonlySet<string> {
  const line = new Set<string>();
  for (let id: string | null | undefined = providerId; typeof id === "string" && !line.has(id); ) {
    line.add(id);
    id = lineage.parentOf(id);
  }
  return line;
}
