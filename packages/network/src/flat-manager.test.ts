import { connectDatabase, type Database, frameworkMigrations, Migrator } from "@kilonova/database";
import { type TestDatabase, testDatabase } from "@kilonova/database/testing";
import { RequestContext } from "@kilonova/messaging";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FlatManager } from "./flat-manager.js";
import { networkMigrations } from "./migrations.js";
import { networkOptions } from "./options.js";

const context = RequestContext.admin();
let test: TestDatabase;
let database: Database;

beforeEach(async () => {
  test = await testDatabase();
  await new Migrator(test.url, [frameworkMigrations, networkMigrations]).migrate();
  database = await connectDatabase({
    url: test.url,
    applicationName: "test",
    poolSize: 10,
    connectTimeout: 10_000,
    statementTimeout: 30_000,
  });
});
afterEach(async () => {
  await database.$client.end();
  await test.drop();
});

async function managerOf(fixedRange = "10.0.0.0/24"): Promise<FlatManager> {
  const manager = new FlatManager(database, networkOptions.schema.parse({ fixedRange, nameservers: ["9.9.9.9"] }));
  await manager.initHost();
  return manager;
}

const request = (serverId: string, fence = 1) => ({
  serverId,
  projectId: "project",
  fence,
  host: "host",
  networks: "auto" as const,
});

async function addressOf(manager: FlatManager, serverId: string, fence = 1): Promise<string | undefined> {
  const outcome = await manager.allocateForServer(context, request(serverId, fence));
  return outcome.ok ? outcome.value[0]?.addresses[0]?.address : outcome.refusal;
}

describe("the flat network", () => {
  it("gives each server an address, and the same one again", async () => {
    const manager = await managerOf();
    expect(await addressOf(manager, "one")).toBe("10.0.0.2");
    expect(await addressOf(manager, "two")).toBe("10.0.0.3");
    expect(await addressOf(manager, "one", 2)).toBe("10.0.0.2");
  });

  it("tells a server all about its interface", async () => {
    const outcome = await (await managerOf()).allocateForServer(context, request("one"));
    expect(outcome).toMatchObject({
      ok: true,
      value: [
        {
          networkName: "private",
          macAddress: expect.stringMatching(/^fa:16:3e(:[0-9a-f]{2}){3}$/),
          addresses: [{ address: "10.0.0.2", version: 4, prefix: 24, gateway: "10.0.0.1" }],
          nameservers: ["9.9.9.9"],
          mtu: 1500,
        },
      ],
    });
  });

  it("gives no address to a server that wants no network", async () => {
    const manager = await managerOf();
    expect(await manager.allocateForServer(context, { ...request("one"), networks: "none" })).toEqual({
      ok: true,
      value: [],
    });
  });

  it("lets an address rest until all others have been used", async () => {
    const manager = await managerOf("10.0.0.0/29");
    expect(await addressOf(manager, "one")).toBe("10.0.0.2");
    await manager.deallocateForServer(context, { serverId: "one", fence: 1 });
    const others = ["two", "three", "four", "five"];
    for (const [index, server] of others.entries())
      expect(await addressOf(manager, server)).toBe(`10.0.0.${index + 3}`);
    expect(await addressOf(manager, "six")).toBe("10.0.0.2");
    expect(await addressOf(manager, "seven")).toBe("noMoreAddresses");
  });

  it("gives an address that was asked for, and steps over it later", async () => {
    const manager = await managerOf();
    const [network] = await manager.listNetworks(context, {});
    const id = network?.id ?? "";
    const named = (serverId: string, fixedAddress: string) =>
      manager.allocateForServer(context, { ...request(serverId), networks: [{ networkId: id, fixedAddress }] });
    expect(await named("one", "10.0.0.3")).toMatchObject({ ok: true });
    expect(await named("two", "10.0.0.3")).toMatchObject({ refusal: "addressInUse" });
    expect(await named("two", "10.0.0.1")).toMatchObject({ refusal: "invalidAddress" });
    expect(await named("two", "10.7.0.1")).toMatchObject({ refusal: "invalidAddress" });
    expect(await addressOf(manager, "three")).toBe("10.0.0.2");
    expect(await addressOf(manager, "four")).toBe("10.0.0.4");
  });

  it("knows no network but its own", async () => {
    const outcome = (await managerOf()).allocateForServer(context, {
      ...request("one"),
      networks: [{ networkId: "other" }],
    });
    expect(await outcome).toMatchObject({ refusal: "networkNotFound", details: { networkId: "other" } });
  });

  it("refuses an owner that has been overtaken, also after the server is gone", async () => {
    const manager = await managerOf();
    await addressOf(manager, "one", 4);
    await manager.deallocateForServer(context, { serverId: "one", fence: 5 });
    expect(await manager.allocateForServer(context, request("one", 4))).toMatchObject({
      refusal: "staleFence",
      details: { newest: 5 },
    });
    expect(await manager.deallocateForServer(context, { serverId: "one", fence: 4 })).toMatchObject({
      refusal: "staleFence",
    });
    expect(await manager.deallocateForServer(context, { serverId: "one", fence: 5 })).toMatchObject({ ok: true });
  });

  it("takes another range only while nobody has an address", async () => {
    const manager = await managerOf("10.0.0.0/24");
    expect(await addressOf(await managerOf("10.9.0.0/24"), "one")).toBe("10.9.0.2");
    await expect(managerOf("10.0.0.0/24")).rejects.toMatchObject({ code: "network.failed" });
    await manager.deallocateForServer(context, { serverId: "one", fence: 1 });
    expect(await addressOf(await managerOf("10.0.0.0/24"), "one", 2)).toBe("10.0.0.2");
  });

  it("forgets with a range which of its addresses were given back", async () => {
    const old = await managerOf("10.0.0.0/24");
    for (const server of ["one", "two", "three", "four"]) await addressOf(old, server);
    for (const serverId of ["one", "two", "three", "four"])
      await old.deallocateForServer(context, { serverId, fence: 1 });
    const manager = await managerOf("10.0.0.0/30");
    expect(await addressOf(manager, "five")).toBe("10.0.0.2");
    expect(await addressOf(manager, "six")).toBe("noMoreAddresses");
  });

  it("never gives one address to two servers, whatever comes at the same time", { timeout: 60_000 }, async () => {
    const manager = await managerOf("10.0.0.0/28");
    const step = fc.record({ server: fc.integer({ min: 0, max: 15 }), frees: fc.boolean() });
    let fence = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 24 }), async (steps) => {
        fence += 1;
        await Promise.all(
          steps.map(({ server, frees }) =>
            frees
              ? manager.deallocateForServer(context, { serverId: `s${server}`, fence })
              : manager.allocateForServer(context, request(`s${server}`, fence)),
          ),
        );
        const { rows } = await database.$client.query<{ servers: string; positions: string; both: string }>(`
          SELECT count(*) AS servers, count(DISTINCT position) AS positions,
            (SELECT count(*) FROM network.free_positions f JOIN network.ports p USING (network_id, position)) AS both
          FROM network.ports`);
        expect(rows[0]?.positions).toBe(rows[0]?.servers);
        expect(rows[0]?.both).toBe("0");
      }),
      { numRuns: 25 },
    );
  });
});
