import type { Benchmark } from "./benchmark.js";
import { Servers } from "./servers.js";
import { percentile } from "./statistics.js";

const COUNT = 500;
const BATCH = 100;
const WARM_UP = 5;
const SEQUENTIAL = 40;
const CONNECTIONS = 8;
const DURATION = 10_000;
const DETAIL = `/servers/detail?limit=${COUNT}`;

/** The list of all servers with all that there is to say of them. */
export const listBenchmark: Benchmark = {
  name: "list",
  timeLimit: 300,
  async measure({ prepare, report }) {
    const cloud = await prepare();
    await cloud.start();
    const servers = await Servers.of(cloud, CONNECTIONS);
    try {
      for (let made = 0; made < COUNT; made += BATCH) {
        await servers.create(`listed-${made}`, BATCH);
        await servers.untilBuilt();
      }
      await servers.expectActive(COUNT);
      report(`there are ${COUNT} servers`);

      for (let index = 0; index < WARM_UP; index += 1) await timeOfList(servers);
      const latencies: number[] = [];
      for (let index = 0; index < SEQUENTIAL; index += 1) latencies.push(await timeOfList(servers));
      report(`listed one after another: ${percentile(latencies, 0.5).toFixed(1)} ms`);
      return [
        { metric: "latency_p50", value: percentile(latencies, 0.5), unit: "ms" },
        { metric: "requests_per_s", value: await listConcurrently(servers), unit: "1/s" },
      ];
    } finally {
      servers.close();
    }
  },
};

async function timeOfList({ session }: Servers): Promise<number> {
  const start = performance.now();
  await session.send("GET", "compute", DETAIL);
  return performance.now() - start;
}

/** Answers how many lists a second. */
async function listConcurrently(servers: Servers): Promise<number> {
  const start = performance.now();
  let answered = 0;
  const client = async () => {
    while (performance.now() - start < DURATION) {
      await timeOfList(servers);
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  return (answered * 1_000) / (performance.now() - start);
}
