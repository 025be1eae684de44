import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RestClient } from "@kilonova/deployment";
import { GuestHistory } from "@kilonova/virt-fake";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { login, makeServers, seed } from "../e2e/many-servers.js";
import { PROCESS_NAMES, SeparateProcesses } from "../e2e/separate-processes.js";
import { count, expectNothingLost, settled } from "./aftermath.js";
import { SHORT_LEASES } from "./short-leases.js";

const SERVERS = 8;

describe("kill -9 of a process of a cloud over RabbitMQ and PostgreSQL", () => {
  let cloud: SeparateProcesses;
  let user: RestClient;
  let refs: object;

  beforeAll(async () => {
    cloud = await SeparateProcesses.start("fake", SHORT_LEASES);
    refs = await seed(await login(cloud.cloudsFile, "kilonova-admin"));
    user = await login(cloud.cloudsFile, "kilonova");
  });
  afterAll(() => cloud?.destroy());

  const history = () => new GuestHistory(join(cloud.folder, "fake-guests"));

  it.each(PROCESS_NAMES)(
    "%s, while servers are being built: every server is active or in error with a reason, and nothing is left behind",
    { timeout: 300_000 },
    async (name) => {
      const ids = await makeServers(user, refs, SERVERS);
      await expect.poll(() => count(cloud.databaseUrl, BUILDING), { timeout: 30_000, interval: 20 }).toBeGreaterThan(0);
      await cloud.process(name).end("SIGKILL");
      await cloud.startProcess(name);
      await expectNothingLost(await settled(cloud.databaseUrl), ids, history());
    },
  );

  it("the api between its commit and its cast: the server is built all the same, once", async () => {
    const before = new Set((await settled(cloud.databaseUrl)).servers.keys());
    await writeFile(join(cloud.folder, "dying-transport.mjs"), DYING_TRANSPORT);
    await cloud.process("api").end("SIGTERM");
    await cloud.startProcess("api", ["--transport.driver", "./dying-transport.mjs#DyingTransport"]);
    await expect(makeServers(user, refs, 1)).rejects.toThrow();
    await cloud.process("api").exit();

    await cloud.startProcess("api");
    const aftermath = await settled(cloud.databaseUrl);
    const made = [...aftermath.servers.keys()].filter((id) => !before.has(id));
    expect(made.map((id) => aftermath.servers.get(id)?.vmState)).toEqual(["active"]);
    await expectNothingLost(aftermath, made, history());
  });
});

/** A transport of the tests' own, loaded by its path: it dies in place of its first cast. */
const DYING_TRANSPORT = `
import { RabbitmqTransport } from "${import.meta.resolve("@kilonova/transport-rabbitmq")}";

export class DyingTransport extends RabbitmqTransport {
  async cast() {
    process.kill(process.pid, "SIGKILL");
    await new Promise(() => {});
  }
}
`;

/** Servers that a compute works on. */
const BUILDING = "SELECT count(*) AS n FROM compute.operations WHERE stage = 'compute' AND state = 'running'";
