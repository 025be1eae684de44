import type { HostState } from "@kilonova/plugin-api";
import type { GuardedFilter } from "../chain/guarded-filter.js";
import type { GuardedWeigher } from "../chain/guarded-weigher.js";
import type { LaterDrop } from "./later-drops.js";
import type { Narrowed } from "./narrowing.js";
import type { RankedWeights } from "./ranking.js";
import type { Stage } from "./stages.js";
import type { Task } from "./task.js";
import type { VerdictColumn } from "./verdict-column.js";
import type { WeightColumn } from "./weight-column.js";

/** A filter that is asked for a request, and what it has said. */
export interface AskedFilter {
  readonly filter: GuardedFilter;
  readonly column: VerdictColumn;
}

/** A weigher that is asked for a request, and what it has said. */
export interface AskedWeigher {
  readonly weigher: GuardedWeigher;
  readonly column: WeightColumn;
}

/** What the hosts came to for a task: which may serve it, and what each weigher says of them. */
export interface Evaluation {
  readonly task: Task;
  /** How many hosts the request is about. */
  readonly hosts: number;
  /** Of the hosts that may serve it, ascending. */
  slots: readonly number[];
  readonly stages: readonly Stage[];
  /** Hosts that dropped out since it was made, by slot. */
  readonly later: Map<number, LaterDrop>;
  narrowed: readonly Narrowed[];
  readonly filters: readonly AskedFilter[];
  readonly weighers: readonly AskedWeigher[];
  /** Milliseconds by weigher. */
  readonly weigherTimes: ReadonlyMap<string, number>;
  /** False where something was said for one request alone: by a plugin that failed, or took too long. */
  isLasting: boolean;
  /** How far the change log had come. */
  seen: number;
  readonly epoch: number;
}

/** The weights of an evaluation, as they stand in its columns. */
export function rankedWeights({ weighers }: Evaluation): readonly RankedWeights[] {
  return weighers.map(({ weigher, column }) => ({
    ...boundsOf(weigher),
    weights: column.weights,
    multipliers: column.multipliers,
    uniform: column.isUniform ? weigher.weight : undefined,
    constant: column.constant,
  }));
}

/** The same in arrays of their own: for a plan that imagines hosts. */
export function ownWeights({ weighers }: Evaluation): readonly RankedWeights[] {
  return weighers.map(({ weigher, column }) => ({
    ...boundsOf(weigher),
    ...column.copy(),
    uniform: column.isUniform ? weigher.weight : undefined,
    // What a plan imagines may differ.
    constant: undefined,
  }));
}

function boundsOf({ name, weigher }: GuardedWeigher) {
  return { weigher: name, minimum: weigher.minimum, maximum: weigher.maximum };
}

/** Hosts that a plan has changed in its imagination, by slot. */
export type Imagined = ReadonlyMap<number, HostState>;
