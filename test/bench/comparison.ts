import type { Reading } from "./benchmark.js";

/** What a comparison may use. */
export interface ComparisonWorld {
  /** The cases that were asked for. */
  readonly cases: readonly string[];
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
  /** What it starts ends by itself when this process does, for a comparison that takes too long is left alone. */
  compare(world: ComparisonWorld): Promise<readonly CaseReading[]>;
}
