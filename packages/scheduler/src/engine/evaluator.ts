import type { HostState, SchedulingRequest } from "@kilonova/plugin-api";
import type { GuardedFilter } from "../chain/guarded-filter.js";
import type { GuardedWeigher } from "../chain/guarded-weigher.js";
import type { HostTable } from "../hosts/host-table.js";
import { ColumnCache } from "./column-cache.js";
import type { AskedFilter, AskedWeigher, Evaluation } from "./evaluation.js";
import { explainDropped } from "./explain.js";
import { noteDrop, noteReturn } from "./later-drops.js";
import { meantSlots, type Narrowed, narrowed } from "./narrowing.js";
import { Stage, type StageDrop } from "./stages.js";
import type { Task } from "./task.js";
import { VerdictColumn } from "./verdict-column.js";
import { WeightColumn } from "./weight-column.js";

/** Bytes that remembered verdicts may take, and weights. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Evaluations that are kept for equal requests. */
const MOST_EVALUATIONS = 16;
/** Where more than one in so many hosts changed, all are looked at anew. */
const FEW = 8;

/** How long a plugin took to answer, and whether what it answered holds for others. */
interface Answer {
  readonly milliseconds: number;
  readonly lasts: boolean;
}

/**
 * Finds the hosts that may serve a task and has them weighed. Nothing is asked twice: what a filter or a weigher said of a
 * host holds for all requests that are the same to it, until the host changes; and a request that is equal to one before
 * is evaluated by looking at those hosts alone that changed since.
 */
export class Evaluator {
  readonly #verdicts = new ColumnCache(() => new VerdictColumn(), MOST_BYTES);
  readonly #weights = new ColumnCache(() => new WeightColumn(), MOST_BYTES);
  readonly #evaluations = new Map<string, Evaluation>();

  constructor(private readonly hosts: HostTable) {}

  /** @returns the evaluation, and whether it was made for an equal request before */
  evaluate(task: Task): { readonly evaluation: Evaluation; readonly shared: boolean } {
    const known = task.key === undefined ? undefined : this.#evaluations.get(task.key);
    if (known && this.#catchUp(known)) return { evaluation: known, shared: true };
    const evaluation = this.#evaluate(task);
    if (task.key !== undefined && evaluation.isLasting) this.#keep(task.key, evaluation);
    return { evaluation, shared: false };
  }

  #evaluate(task: Task): Evaluation {
    const { hosts } = this;
    const { chain, request } = task;
    const [seen, epoch] = [hosts.changes.count, hosts.changes.epoch];
    const meant = meantSlots(hosts, task);
    const within = narrowed(hosts, task);
    const stages: Stage[] = [];
    let alive = this.#roomy(task, meant, within, stages);
    const filters: AskedFilter[] = [];
    let isLasting = true;
    for (const filter of chain.filters) {
      if (!filter.concerns(request)) continue;
      const asked = { filter, column: this.#verdictsOf(filter, task) };
      filters.push(asked);
      const stage = new Stage(filter.name, "filter", alive.length);
      stages.push(stage);
      const answer = this.#ask(asked, alive, request);
      stage.milliseconds = answer.milliseconds;
      isLasting &&= answer.lasts;
      alive = passing(asked, alive, stage);
    }
    const weigherTimes = new Map<string, number>();
    const weighers: AskedWeigher[] = [];
    for (const weigher of chain.weighers) {
      if (!weigher.concerns(request, hosts.aggregateKeys)) continue;
      const asked = { weigher, column: this.#weightsOf(weigher, task) };
      weighers.push(asked);
      const answer = this.#weigh(asked, alive, request);
      weigherTimes.set(weigher.name, answer.milliseconds);
      isLasting &&= answer.lasts;
    }
    return {
      task,
      hosts: meant.length,
      slots: alive,
      stages,
      later: new Map(),
      narrowed: within,
      filters,
      weighers,
      weigherTimes,
      isLasting,
      seen,
      epoch,
    };
  }

  /** The hosts that the request does not leave out, that filters do not narrow away, and that have room. */
  #roomy(task: Task, meant: Int32Array, within: readonly Narrowed[], stages: Stage[]): readonly number[] {
    const { hosts } = this;
    const isAll = meant === hosts.slots;
    const narrowest = within.toSorted((one, other) => one.slots.size - other.slots.size)[0];
    const among = narrowest && narrowest.slots.size < meant.length ? narrowest.slots : isAll ? undefined : meant;
    const stage = new Stage("resources", "resources", meant.length);
    stages.push(stage);
    const found = task.compiled
      ? hosts.mirror.index.matching(task.compiled, among)
      : [...(among ?? meant)].sort((a, b) => a - b);
    const hostsFound = inBoth(found, meant);
    const isOpen = within.length === 0 && task.ignoredHosts.size === 0;
    const roomy = isOpen
      ? hostsFound
      : hostsFound.filter((slot) => within.every(({ slots }) => slots.has(slot)) && !this.#isIgnored(task, slot));
    if (roomy.length < meant.length) explainDropped(hosts, task, within, missingFrom(roomy, meant), stage);
    return roomy;
  }

  #isIgnored({ ignoredHosts }: Task, slot: number): boolean {
    return ignoredHosts.size > 0 && ignoredHosts.has(this.hosts.at(slot)?.host ?? "");
  }

  /** Looks again at the hosts that changed; false where these are too many, or it has to be made anew. */
  #catchUp(evaluation: Evaluation): boolean {
    const { hosts } = this;
    const { task } = evaluation;
    if (!evaluation.isLasting || evaluation.epoch !== hosts.changes.epoch) return false;
    const changed = hosts.changes.since(evaluation.seen);
    if (!changed || changed.size > Math.max(64, evaluation.hosts / FEW)) return false;
    evaluation.seen = hosts.changes.count;
    if (changed.size === 0) return true;
    const isNamed = meantSlots(hosts, task);
    // Of hosts that came or changed, others may be in it now.
    if (evaluation.narrowed.length > 0) evaluation.narrowed = narrowed(hosts, task);
    const passed = [...changed].filter((slot) => this.#passes(evaluation, slot, isNamed));
    for (const asked of evaluation.weighers) {
      if (!this.#weigh(asked, passed, task.request).lasts) evaluation.isLasting = false;
    }
    const now = new Set(passed);
    const moved = [...changed].filter((slot) => isAmong(evaluation.slots, slot) !== now.has(slot));
    if (moved.length === 0) return true;
    // What cannot be told of the hosts as they are now is found out anew.
    const isTold = moved.every((slot) =>
      now.has(slot) ? noteReturn(evaluation, slot) : noteDrop(hosts, evaluation, slot),
    );
    if (!isTold) return false;
    const kept = evaluation.slots.filter((slot) => !changed.has(slot));
    evaluation.slots = [...kept, ...passed].sort((one, other) => one - other);
    return true;
  }

  #passes(evaluation: Evaluation, slot: number, meant: Int32Array): boolean {
    const { task, narrowed: within, filters } = evaluation;
    const { hosts } = this;
    if (!hosts.isHost(slot) || (meant !== hosts.slots && !meant.includes(slot))) return false;
    if (!within.every(({ slots }) => slots.has(slot)) || this.#isIgnored(task, slot)) return false;
    if (task.compiled && !hosts.mirror.index.hasRoom(slot, task.compiled)) return false;
    return filters.every((asked) => {
      if (!this.#ask(asked, [slot], task.request).lasts) evaluation.isLasting = false;
      return asked.column.verdicts[slot] === 0;
    });
  }

  /** Has a filter say its word on those of the hosts of which it has not. */
  #ask({ filter, column }: AskedFilter, slots: readonly number[], request: SchedulingRequest): Answer {
    const { versions } = this.hosts.changes;
    column.ensure(this.hosts.mirror.index.slots);
    const missing = column.missing(slots, versions);
    let isLasting = true;
    const milliseconds = filter.ask(this.#statesOf(missing), request, (index, verdict, lasts) => {
      const slot = missing[index] ?? 0;
      column.note(slot, verdict, lasts ? versions[slot] : undefined);
      isLasting &&= lasts;
    });
    return { milliseconds, lasts: isLasting };
  }

  /** The same for a weigher. */
  #weigh({ weigher, column }: AskedWeigher, slots: readonly number[], request: SchedulingRequest): Answer {
    const { versions } = this.hosts.changes;
    column.ensure(this.hosts.mirror.index.slots);
    const missing = column.missing(slots, versions);
    const states = this.#statesOf(missing);
    let isLasting = true;
    const milliseconds = weigher.weigh(states, request, (index, weight, lasts) => {
      const [slot, state] = [missing[index] ?? 0, states[index]];
      const multiplier = state ? weigher.multiplier(state) : weigher.weight;
      column.note(slot, weight, multiplier, weigher.weight, lasts ? versions[slot] : undefined);
      isLasting &&= lasts;
    });
    return { milliseconds, lasts: isLasting };
  }

  #statesOf(slots: readonly number[]): readonly HostState[] {
    return slots.map((slot) => {
      const state = this.hosts.at(slot);
      if (!state) throw new TypeError("a slot that passed is a host's");
      return state;
    });
  }

  #verdictsOf(filter: GuardedFilter, task: Task): VerdictColumn {
    const signature = filter.seesServers ? undefined : (filter.signature(task.request) ?? task.key);
    return this.#verdicts.columnFor(filter.filter, signature, this.hosts.mirror.index.slots);
  }

  #weightsOf(weigher: GuardedWeigher, task: Task): WeightColumn {
    const signature = weigher.seesServers ? undefined : (weigher.signature(task.request) ?? task.key);
    return this.#weights.columnFor(weigher.weigher, signature, this.hosts.mirror.index.slots);
  }

  #keep(key: string, evaluation: Evaluation): void {
    this.#evaluations.delete(key);
    this.#evaluations.set(key, evaluation);
    const [oldest] = this.#evaluations.keys();
    if (this.#evaluations.size > MOST_EVALUATIONS && oldest !== undefined) this.#evaluations.delete(oldest);
  }
}

/** Those that pass; the others are noted in the stage. */
function passing({ column }: AskedFilter, slots: readonly number[], stage: Stage): readonly number[] {
  const { verdicts } = column;
  if (slots.every((slot) => verdicts[slot] === 0)) return slots;
  const drops: (StageDrop | undefined)[] = [];
  const kept: number[] = [];
  for (const slot of slots) {
    const number = verdicts[slot] ?? 0;
    if (number === 0) kept.push(slot);
    else drops[number] = stage.drop(slot, column.refusal(number), drops[number]);
  }
  return kept;
}

/** Those of an ascending list that another has not. */
function missingFrom(some: readonly number[], all: Int32Array): readonly number[] {
  const missing: number[] = [];
  let at = 0;
  for (const slot of all) {
    if (some[at] === slot) at++;
    else missing.push(slot);
  }
  return missing;
}

/** True where an ascending list has it. */
function isAmong(slots: readonly number[], slot: number): boolean {
  let [from, to] = [0, slots.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((slots[middle] ?? 0) < slot) from = middle + 1;
    else to = middle;
  }
  return slots[from] === slot;
}

/** What is in two ascending lists. */
function inBoth(one: readonly number[], other: Int32Array): readonly number[] {
  // The same where all that is found are hosts, which is the rule.
  if (one.length === other.length && one.every((slot, index) => slot === other[index])) return one;
  const both: number[] = [];
  let at = 0;
  for (const slot of one) {
    while (at < other.length && (other[at] ?? 0) < slot) at++;
    if (other[at] === slot) both.push(slot);
  }
  return both;
}
