import type { Benchmark } from "./benchmark.js";
import { Servers } from "./servers.js";
import { percentile, secondsOf } from "./statistics.js";

const WARM_UP = 10;
const SEQUENTIAL = 100;
const CLIENTS = 8;
const CONCURRENT = 200;
const BATCH = 100;
const BATCHES = 3;

/** How soon a server is active, and how many are in a second. */
export const bootBenchmark: Benchmark = {
  name: "boot",
  timeLimit: 300,
  async measure({ prepare, report }) {
    const cloud = await prepare();
    await cloud.start();
    const servers = await Servers.of(cloud, CLIENTS);
    try {
      for (let index = 0; index < WARM_UP; index += 1) await servers.boot(`warm-up-${index}`);
      const latencies: number[] = [];
      for (let index = 0; index < SEQUENTIAL; index += 1) latencies.push(await servers.boot(`sequential-${index}`));
      report(`${SEQUENTIAL} servers one after another: ${percentile(latencies, 0.5).toFixed(1)} ms`);

      const seconds = await secondsOf(() => bootConcurrently(servers));
      report(`${CONCURRENT} servers by ${CLIENTS} clients: ${seconds.toFixed(2)} s`);

      const batches: number[] = [];
      for (let index = 0; index < BATCHES; index += 1) {
        batches.push(await secondsOf(() => bootBatch(servers, `batch-${index}`)));
        report(`${BATCH} servers by one request: ${batches.at(-1)?.toFixed(2)} s`);
      }
      await servers.expectActive(WARM_UP + SEQUENTIAL + CONCURRENT + BATCH * BATCHES);
      return [
        { metric: "latency_p50", value: percentile(latencies, 0.5), unit: "ms" },
        { metric: "latency_p95", value: percentile(latencies, 0.95), unit: "ms" },
        { metric: "servers_per_s", value: CONCURRENT / seconds, unit: "1/s" },
        { metric: "servers_per_s_min_count", value: BATCH / percentile(batches, 0.5), unit: "1/s" },
      ];
    } finally {
      servers.close();
    }
  },
};

async function bootConcurrently(servers: Servers): Promise<void> {
  let next = 0;
  const client = async () => {
    while (next < CONCURRENT) await servers.create(`concurrent-${next++}`);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  await servers.untilBuilt();
}

async function bootBatch(servers: Servers, name: string): Promise<void> {
  await servers.create(name, BATCH);
  await servers.untilBuilt();
}
