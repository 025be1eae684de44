import { randomUUID } from "node:crypto";
import { sampleRequestSpec } from "@kilonova/plugin-testing";
import type { Benchmark, Reading } from "./benchmark.js";
import { SchedulerBench } from "./scheduler-bench.js";
import { percentile } from "./statistics.js";

const CASES = ["1", "100", "1000", "10000", "100000"];
/** Of a hundred requests of the mix so many are equal. */
const EQUAL = 80;
/** Requests at the same time where it is counted how many there are in a second. */
const CLIENTS = 16;
const WARM_UP = 50;
/** Milliseconds for each series, and how many requests it has at the least. */
const SERIES = 4_000;
const LEAST = 30;

/** Requests in the order in which they come. */
type Requests = (index: number) => Parameters<typeof sampleRequestSpec>[0];

/** Each of a size and a project of its own. */
const different: Requests = (index) => ({
  projectId: `project-${index % 997}`,
  flavor: {
    id: `${index}`,
    name: `flavor-${index}`,
    vcpus: 1 + (index % 4),
    memoryMb: 256 + (index % 1_777),
    rootGb: 1,
  },
});

const mixed: Requests = (index) =>
  index % 100 < EQUAL ? { flavor: { vcpus: 1, memoryMb: 512, rootGb: 1 } } : different(index);

/**
 * What `selectDestinations` of one scheduler costs with the chain that it has by default, as hosts grow: one after another,
 * and many at a time; with claims at placement on a PostgreSQL that waits for its disk, and without.
 */
export const schedulerBenchmark: Benchmark = {
  name: "scheduler",
  timeLimit: 600,
  needsCloud: false,
  cases: CASES,
  async measure({ caseName, report }) {
    const hosts = Number(caseName);
    report("writing hosts");
    const bench = await SchedulerBench.start(hosts);
    try {
      const readings: Reading[] = [
        { metric: "memory_per_10000_hosts", value: (bench.memory / hosts) * 10_000, unit: "MiB" },
      ];
      for (const [name, requests] of [
        ["different", different],
        ["mix", mixed],
      ] as const) {
        for (const [suffix, isClaiming] of [
          ["", true],
          ["_without_claims", false],
        ] as const) {
          bench.isClaiming = isClaiming;
          report(`${name}${suffix}`);
          const metric = (what: string) => (name === "different" ? `${what}${suffix}` : `${what}_mix${suffix}`);
          await inTurn(bench, requests, { least: WARM_UP, within: 0 });
          const times = await inTurn(bench, requests, { least: LEAST, within: SERIES });
          readings.push(
            { metric: metric("latency_p50"), value: percentile(times, 0.5), unit: "ms" },
            { metric: metric("latency_p99"), value: percentile(times, 0.99), unit: "ms" },
            { metric: metric("requests_per_s"), value: await together(bench, requests), unit: "1/s" },
          );
        }
      }
      return readings;
    } finally {
      await bench.stop();
    }
  },
};

let next = 0;

async function select(bench: SchedulerBench, requests: Requests): Promise<number> {
  const requestSpec = sampleRequestSpec(requests(next++));
  const start = performance.now();
  const serverId = randomUUID();
  const outcome = await bench.selectDestinations({
    requestSpec,
    servers: [{ serverId, fence: 1 }],
    alternates: 2,
    ignoredHosts: [],
  });
  const time = performance.now() - start;
  if (!outcome.ok) throw new Error(`a request was refused: ${JSON.stringify(outcome.details)}`);
  bench.note(serverId);
  return time;
}

/** One request after another. @returns milliseconds of each */
async function inTurn(
  bench: SchedulerBench,
  requests: Requests,
  { least, within }: { least: number; within: number },
): Promise<readonly number[]> {
  const times: number[] = [];
  const end = performance.now() + within;
  while (times.length < least || performance.now() < end) {
    times.push(await select(bench, requests));
    if (times.length % 200 === 0) await bench.giveBack();
  }
  await bench.giveBack();
  return times;
}

/** Requests of many clients. @returns how many in a second */
async function together(bench: SchedulerBench, requests: Requests): Promise<number> {
  const start = performance.now();
  const end = start + SERIES;
  let count = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (performance.now() < end || count < LEAST) {
        await select(bench, requests);
        count++;
      }
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  await bench.giveBack();
  return count / seconds;
}
