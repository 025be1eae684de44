import type { Benchmark } from "./benchmark.js";
import { percentile, secondsOf } from "./statistics.js";

const CLOUDS = 3;
const LATER_STARTS = 2;

/** From the start of the process, or of all processes, until the last says that it is ready. */
export const startBenchmark: Benchmark = {
  name: "start",
  timeLimit: 300,
  async measure({ prepare, report }) {
    const first: number[] = [];
    const later: number[] = [];
    for (let number = 1; number <= CLOUDS; number += 1) {
      const cloud = await prepare();
      first.push(await secondsOf(() => cloud.start()));
      for (let again = 0; again < LATER_STARTS; again += 1) {
        await cloud.stop();
        later.push(await secondsOf(() => cloud.start()));
      }
      await cloud.destroy();
      report(`cloud ${number} of ${CLOUDS}: first ${first.at(-1)?.toFixed(2)} s, later ${later.at(-1)?.toFixed(2)} s`);
    }
    return [
      { metric: "first_start", value: percentile(first, 0.5), unit: "s" },
      { metric: "later_start", value: percentile(later, 0.5), unit: "s" },
    ];
  },
};
