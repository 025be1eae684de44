import { setTimeout as sleep } from "node:timers/promises";
import type { Benchmark, Reading } from "./benchmark.js";
import type { MeasuredCloud } from "./measured-cloud.js";
import { memoryOf } from "./process-memory.js";
import { Servers } from "./servers.js";

/** What a start or a burst of work leaves behind goes within this time, in ms. */
const SETTLING = 3_000;
const COUNT = 100;

/** The memory of all processes of a cloud: when it has just started, and after it has built servers. */
export const memoryBenchmark: Benchmark = {
  name: "memory",
  timeLimit: 180,
  async measure({ prepare, report }) {
    const cloud = await prepare();
    await cloud.start();
    const idle = await readingsOf(cloud, "");
    report("measured after the start");

    const servers = await Servers.of(cloud);
    try {
      await servers.create("memory", COUNT);
      await servers.untilBuilt();
      await servers.expectActive(COUNT);
    } finally {
      servers.close();
    }
    return [...idle, ...(await readingsOf(cloud, "_after_boots"))];
  },
};

/** All in one number, then by part. */
async function readingsOf(cloud: MeasuredCloud, suffix: string): Promise<readonly Reading[]> {
  await sleep(SETTLING);
  const parts = [...(await memoryOf(cloud))];
  const sum = parts.reduce((total, [, size]) => total + size, 0);
  const reading = (name: string, value: number): Reading => ({ metric: `pss_mib${name}${suffix}`, value, unit: "MiB" });
  return [reading("", sum), ...parts.map(([part, size]) => reading(`_${part}`, size))];
}
