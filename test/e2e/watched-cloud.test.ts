import { startThrowAwayPostgres, type ThrowAwayPostgres } from "@kilonova/database/testing";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RabbitMqServer, startRabbitMq } from "../servers/rabbitmq.mjs";
import { login, makeServers, seed, untilIdle } from "./many-servers.js";
import { PROCESS_NAMES, type ProcessName, SeparateProcesses } from "./separate-processes.js";
import { WatchedProcesses } from "./watched-processes.js";

/** A broker that is back is listened to again within ten seconds and a jitter. */
const PATIENCE = { timeout: 60_000, interval: 100 };
const COMPUTES: readonly ProcessName[] = ["compute1", "compute2"];
const WITH_DATABASE = PROCESS_NAMES.filter((name) => !COMPUTES.includes(name));

describe("a cloud that is watched", () => {
  let broker: RabbitMqServer;
  let postgres: ThrowAwayPostgres;
  let cloud: SeparateProcesses;
  let watched: WatchedProcesses;

  beforeAll(async () => {
    broker = await startRabbitMq();
    postgres = await startThrowAwayPostgres();
    const ground = { postgres: Promise.resolve(postgres), brokerUrl: broker.url };
    cloud = await SeparateProcesses.prepare("fake", [], ground);
    await cloud.migrate();
    watched = new WatchedProcesses(cloud);
    await watched.start();
  });
  afterAll(async () => {
    await cloud?.destroy();
    await broker?.stop();
  });

  it.each(PROCESS_NAMES)("has a process %s that is alive, ready and can be scraped", async (name) => {
    expect((await watched.ask(name, "/healthz")).status).toBe(200);
    expect(await watched.readiness(name)).toBe("200");
    const names = new Set((await watched.metrics(name)).map((metric) => metric.name));
    for (const metric of ["process_cpu_seconds_total", "nodejs_eventloop_lag_p99_seconds"])
      expect(names).toContain(metric);
    // The api has no manager: it listens to nobody and has no tasks.
    if (name !== "api") expect(names).toContain("kilonova_task_runs_total");
    if (name !== "api") expect(names).toContain("kilonova_queue_messages");
  });

  it("tells of the making of a server in each process that had a part in it, and nothing of whose it was", async () => {
    const admin = await login(cloud.cloudsFile, "kilonova-admin");
    const [id = ""] = await makeServers(admin, await seed(admin), 1);
    await untilIdle(admin, [id]);

    const has = async (name: ProcessName, metric: string, ...labels: readonly string[]) =>
      (await watched.metrics(name)).some(
        (found) => found.name === metric && found.value > 0 && labels.every((label) => found.labels.includes(label)),
      );
    const handled = "kilonova_rpc_server_duration_seconds_count";
    const sent = "kilonova_rpc_client_duration_seconds_count";
    expect(await has("api", sent, 'method="scheduleAndBuildServers"', 'kind="cast"', 'outcome="ok"')).toBe(true);
    expect(await has("conductor", handled, 'method="scheduleAndBuildServers"', 'outcome="ok"')).toBe(true);
    expect(await has("conductor", sent, 'method="selectDestinations"', 'kind="call"')).toBe(true);
    expect(await has("scheduler", handled, 'method="selectDestinations"', 'outcome="ok"')).toBe(true);
    expect(await has("control", handled, 'topic="placement"', 'outcome="ok"')).toBe(true);
    const built = await Promise.all(COMPUTES.map((name) => has(name, handled, 'method="buildServer"')));
    expect(built).toContain(true);
    const open = (await watched.metrics("conductor")).filter(({ name }) => name === "kilonova_operations");
    expect(open.length).toBeGreaterThan(0);

    for (const name of PROCESS_NAMES) {
      const { body } = await watched.ask(name, "/metrics");
      expect(body).not.toContain(id);
      expect(body).not.toContain("guest");
    }
  });

  it("is not ready while the broker is away, and again when it is back", async () => {
    await broker.kill();
    for (const name of PROCESS_NAMES) {
      await expect.poll(() => watched.readiness(name), PATIENCE).toBe("503 transport");
      expect((await watched.ask(name, "/healthz")).status).toBe(200);
    }
    await broker.start();
    for (const name of PROCESS_NAMES) await expect.poll(() => watched.readiness(name), PATIENCE).toBe("200");
  });

  it("is not ready where the database is away, and again when it is back", async () => {
    const administrator = new Client({ connectionString: postgres.url });
    await administrator.connect();
    const name = new URL(cloud.databaseUrl).pathname.slice(1);
    await administrator.query(`alter database "${name}" allow_connections false`);
    await administrator.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
    for (const process of WITH_DATABASE)
      await expect.poll(() => watched.readiness(process), PATIENCE).toBe("503 database");
    for (const process of COMPUTES) expect(await watched.readiness(process)).toBe("200");

    await administrator.query(`alter database "${name}" allow_connections true`);
    await administrator.end();
    for (const process of WITH_DATABASE) await expect.poll(() => watched.readiness(process), PATIENCE).toBe("200");
  });

  it("is not ready any more once it is told to stop", async () => {
    const api = cloud.process("api");
    api.child.kill("SIGTERM");
    const said = async () => watched.readiness("api").catch(() => "gone");
    await expect.poll(said, { timeout: 60_000, interval: 5 }).toMatch(/^503 process|^gone/);
    await api.exit();
  });
});
