import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Benchmark, Reading } from "./benchmark.js";
import { limited } from "./limited.js";
import type { CloudCase, MeasuredCloud } from "./measured-cloud.js";

/** How long a cloud may take to end before its processes are killed, in ms. */
const PATIENCE = 60_000;

export interface Measuring {
  readonly benchmark: Benchmark;
  readonly cloudCase: CloudCase;
  readonly report: (line: string) => void;
  /** Ends the measurement. */
  readonly signal: AbortSignal;
}

/**
 * Runs a benchmark on clouds of one case and throws the clouds away. One that fails, or takes too long, is told of with
 * all that its clouds printed, and answers nothing.
 */
export async function measureOne({
  benchmark,
  cloudCase,
  report,
  signal,
}: Measuring): Promise<readonly Reading[] | undefined> {
  const clouds: Promise<MeasuredCloud>[] = [];
  const prepare = () => {
    const cloud = cloudCase.prepare();
    clouds.push(cloud);
    return cloud;
  };
  // What else the machine does is in the numbers.
  report(`begins; the load average of the last minute is ${loadavg()[0]?.toFixed(1)}`);
  try {
    const measuring = benchmark.measure({ caseName: cloudCase.name, prepare, report });
    return await limited(measuring, benchmark.timeLimit, signal);
  } catch (error) {
    report(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
    for (const cloud of await prepared(clouds)) console.error(await cloud.output());
    return undefined;
  } finally {
    for (const cloud of await prepared(clouds)) await destroy(cloud, report);
  }
}

async function prepared(clouds: readonly Promise<MeasuredCloud>[]): Promise<readonly MeasuredCloud[]> {
  const settled = await Promise.allSettled(clouds);
  return settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}

/** Ends a cloud; by force where it does not end by itself. */
async function destroy(cloud: MeasuredCloud, report: (line: string) => void): Promise<void> {
  const ended = new AbortController();
  const destroyed = cloud.destroy().finally(() => ended.abort());
  const kill = async () => {
    await sleep(PATIENCE, undefined, { signal: ended.signal, ref: false });
    report(`its processes did not end within ${PATIENCE / 1_000} s: they are killed`);
    for (const pid of (await cloud.processes()).node ?? []) process.kill(pid, "SIGKILL");
  };
  await Promise.all([
    destroyed.catch((error: unknown) => report(`could not be thrown away: ${error}`)),
    kill().catch(() => {}),
  ]);
}
