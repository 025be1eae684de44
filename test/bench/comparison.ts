import type { Reading } from "./benchmark.js";

/** What a comparison may use. */
export interface ComparisonWorld {
  /** The cases that were asked for. */
  readonly cases: readonly string[];
  /** Aborts when it is given up: what it started must then end. */
  readonly signal: AbortSignal;
  /** Says what goes on. */
  report(line: string): void;
}

/** A number that a comparison found, and for which case. */
export interface CaseReading extends Reading {
  readonly case: string;
}

/**
 * Measures the same of several cases in turn, round by round, so that what else the machine does is in all of them alike
 * and their ratios mean something.
 */
export interface Comparison {
  readonly name: string;
  /** In seconds, for all cases together. */
  readonly timeLimit: number;
  readonly cases: readonly string[];
  compare(world: ComparisonWorld): Promise<readonly CaseReading[]>;
}
