import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SchedulingWorld } from "./scheduling-world.js";

let world: SchedulingWorld;
beforeEach(async () => {
  world = await SchedulingWorld.start(2);
});
afterEach(() => world.stop());

async function usedByHost() {
  const { providers } = await world.placement.providers(world.context, { after: null, limit: 1000 });
  return providers;
}

describe("the scheduler as it is configured by default, on a live placement", () => {
  test("places on a host that came a moment ago, and says why where it cannot", async () => {
    const small = { vcpus: 1, memoryMb: 512 };
    expect(await world.select(small)).toMatchObject({
      details: { reason: "No valid host was found: there are no hosts." },
    });
    const providerId = await world.addHost("h1", { VCPU: 2, MEMORY_MB: 1024, DISK_GB: 10 });
    const outcome = await world.select(small);
    expect(outcome).toMatchObject({ ok: true, value: [{ destination: { host: "h1", node: "h1", providerId } }] });
    expect(await usedByHost()).toMatchObject([{ used: { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1 }, consumers: 1 }]);
    expect(await world.select({ vcpus: 1, memoryMb: 1024 })).toMatchObject({
      refusal: "noValidHost",
      details: { reason: "No valid host was found: 1 host: 1 lacks 1024 MB of memory.", hosts: 1 },
    });
  });

  test("spreads what it places, many servers of one request too", async () => {
    for (let index = 0; index < 4; index++)
      await world.addHost(`h${index}`, { VCPU: 8, MEMORY_MB: 8192, DISK_GB: 100 });
    const many = await world.select({ vcpus: 1, memoryMb: 512 }, { servers: 8 });
    expect(many.ok).toBe(true);
    expect((await usedByHost()).map(({ used }) => used["VCPU"])).toEqual([2, 2, 2, 2]);
  });
});

describe("two schedulers that share the hosts", () => {
  test("never over-commit, and refuse nobody while there is room", { timeout: 60_000 }, async () => {
    const room = 60;
    for (let index = 0; index < 6; index++) {
      await world.addHost(`h${index}`, { VCPU: room / 6, MEMORY_MB: 100_000, DISK_GB: 1000 });
    }
    const clients = Array.from({ length: 8 }, async (_, client) => {
      const outcomes: string[] = [];
      for (let each = 0; each < 10; each++) {
        const outcome = await world.select({ vcpus: 1, memoryMb: 64 }, { scheduler: client % 2 });
        outcomes.push(outcome.ok ? "placed" : outcome.refusal);
      }
      return outcomes;
    });
    const outcomes = (await Promise.all(clients)).flat();
    expect(outcomes.filter((outcome) => outcome === "placed")).toHaveLength(room);
    expect(outcomes.filter((outcome) => outcome === "noValidHost")).toHaveLength(80 - room);
    for (const { used, consumers } of await usedByHost())
      expect({ vcpu: used["VCPU"], consumers }).toEqual({ vcpu: 10, consumers: 10 });
  });

  test("never over-commit with servers of random sizes, in requests for one or many", { timeout: 60_000 }, async () => {
    const capacity = { VCPU: 16, MEMORY_MB: 4096, DISK_GB: 100 };
    for (let index = 0; index < 4; index++) await world.addHost(`h${index}`, capacity);
    const random = (most: number) => 1 + Math.floor(Math.random() * most);
    await Promise.all(
      Array.from({ length: 8 }, async (_, client) => {
        for (let each = 0; each < 12; each++) {
          const outcome = await world.select(
            { vcpus: random(4), memoryMb: random(1024) },
            { scheduler: client % 2, servers: random(3) },
          );
          if (!outcome.ok) expect(outcome.refusal).toBe("noValidHost");
        }
      }),
    );
    for (const { used, inventories } of await usedByHost()) {
      for (const [name, amount] of Object.entries(used))
        expect(amount).toBeLessThanOrEqual(inventories[name]?.total ?? 0);
      expect(used["VCPU"]).toBeGreaterThan(8);
    }
  });
});
