import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GuestHistory } from "@kilonova/virt-fake";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SeparateProcesses } from "../e2e/separate-processes.js";
import { count, expectNothingLost, settled } from "./aftermath.js";
import { login, makeServers, seed } from "./many-servers.js";

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

describe("kill -9 of the api between its commit and its cast", () => {
  let cloud: SeparateProcesses;

  beforeAll(async () => {
    cloud = await SeparateProcesses.start("fake");
  });
  afterAll(() => cloud?.destroy());

  it("the conductor's sweep finds the operation, and the server is built once", { timeout: 120_000 }, async () => {
    const refs = await seed(await login(cloud.cloudsFile, "kilonova-admin"));
    const user = await login(cloud.cloudsFile, "kilonova");
    await writeFile(join(cloud.folder, "dying-transport.mjs"), DYING_TRANSPORT);
    await cloud.process("api").end("SIGTERM");
    await cloud.startProcess("api", ["--transport.driver", "./dying-transport.mjs#DyingTransport"]);

    await expect(makeServers(user, refs, 1)).rejects.toThrow();
    await cloud.process("api").exit();
    expect(await count(cloud.databaseUrl, "SELECT count(*) AS n FROM compute.servers")).toBe(1);

    await cloud.startProcess("api");
    const aftermath = await settled(cloud.databaseUrl);
    const ids = [...aftermath.servers.keys()];
    expect([...aftermath.servers.values()].map(({ vmState }) => vmState)).toEqual(["active"]);
    await expectNothingLost(aftermath, ids, new GuestHistory(join(cloud.folder, "fake-guests")));
  });
});
