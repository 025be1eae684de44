import type { MeasuredCloud } from "./measured-cloud.js";

export type Unit = "us" | "ms" | "s" | "1/s" | "MiB" | "1";

/** One number that a benchmark found. */
export interface Reading {
  readonly metric: string;
  readonly value: number;
  readonly unit: Unit;
}

/** What a benchmark may use. */
export interface BenchWorld {
  /** The name of the case: of the cloud, or one of the benchmark's own. */
  readonly caseName: string;
  /** A cloud of the case under measurement, which does not run yet. Whoever made the world destroys it. */
  prepare(): Promise<MeasuredCloud>;
  /** Says what goes on. */
  report(line: string): void;
}

/** Measures a cloud, the same for every case of one; or a part that needs none. */
export interface Benchmark {
  readonly name: string;
  /** In seconds, for the measurement of one case: a cloud that hangs must not hold the others up. */
  readonly timeLimit: number;
  /** False for one that measures a part of the code in this process, once, whatever the case. */
  readonly needsCloud?: boolean;
  /** The cases of one that needs no cloud, such as sizes; none: there is the one. */
  readonly cases?: readonly string[];
  measure(world: BenchWorld): Promise<readonly Reading[]>;
}
