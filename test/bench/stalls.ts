import { startThrowAwayPostgres } from "@kilonova/database/testing";
import { startRabbitMq } from "#servers/rabbitmq.mjs";
import { PROCESS_NAMES, SeparateProcesses } from "../e2e/separate-processes.js";
import { type Measured, WatchedProcesses } from "../e2e/watched-processes.js";
import type { Benchmark, Reading } from "./benchmark.js";
import { ROOMY } from "./measured-cloud.js";
import { Servers } from "./servers.js";

const WARM_UP = 10;
const COUNT = 50;
const STALLS = "kilonova_event_loop_stalls_total";
const HELD = "kilonova_event_loop_stalled_seconds_total";

/** How often, and how long, the processes of a cloud hold their loops for more than 50 ms while it makes servers. */
export const stallsBenchmark: Benchmark = {
  name: "stalls",
  timeLimit: 300,
  // It starts a cloud of its own: one whose processes can be asked.
  needsCloud: false,
  cases: ["rabbitmq-postgresql"],
  async measure({ report }) {
    const rabbitmq = await startRabbitMq();
    try {
      const ground = { postgres: startThrowAwayPostgres({ fsync: true }), brokerUrl: rabbitmq.url };
      const cloud = await SeparateProcesses.prepare("fake", ROOMY, ground);
      try {
        await cloud.migrate();
        const watched = new WatchedProcesses(cloud);
        await watched.start();
        return await whileMaking(cloud, watched, report);
      } finally {
        await cloud.destroy();
      }
    } finally {
      await rabbitmq.stop();
    }
  },
};

async function whileMaking(
  cloud: SeparateProcesses,
  watched: WatchedProcesses,
  report: (line: string) => void,
): Promise<readonly Reading[]> {
  const servers = await Servers.of(cloud);
  try {
    // What is loaded or compiled when it is first wanted holds the loop once; by so many, on both computes.
    await servers.create("warm-up", WARM_UP);
    await servers.untilBuilt();
    const before = await stallsOf(watched);
    await servers.create("stalls", COUNT);
    await servers.untilBuilt();
    await servers.expectActive(WARM_UP + COUNT);
    const after = await stallsOf(watched);
    const grown = [...after].map(([key, value]) => [key, value - (before.get(key) ?? 0)] as const);
    for (const [key, value] of grown) if (value > 0) report(`${key} ${value.toFixed(3)}`);
    const sum = (metric: string) =>
      grown.reduce((total, [key, value]) => (key.includes(metric) ? total + value : total), 0);
    return [
      { metric: "stalls_over_50_ms", value: sum(STALLS), unit: "1" },
      { metric: "held_by_stalls", value: sum(HELD) * 1_000, unit: "ms" },
    ];
  } finally {
    servers.close();
  }
}

/** By process, metric and who held the loop. */
async function stallsOf(watched: WatchedProcesses): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const process of PROCESS_NAMES) {
    for (const { name, labels, value } of (await watched.metrics(process)).filter(isOfStalls))
      found.set(`${process} ${name} ${labels}`, value);
  }
  return found;
}

function isOfStalls({ name }: Measured): boolean {
  return name === STALLS || name === HELD;
}
