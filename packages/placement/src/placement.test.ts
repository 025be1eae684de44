import { randomUUID } from "node:crypto";
import type { Inventory, Resources } from "@kilonova/contracts";
import { RequestContext } from "@kilonova/messaging";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { livePlacement } from "./testing/live-placement.js";
import { claimOf, eight, PlacementScene, value } from "./testing/placement-scene.js";

const context = RequestContext.admin();

let placement: PlacementScene;

beforeAll(async () => {
  placement = await PlacementScene.start();
});
afterAll(() => placement.stop());

describe("a provider", () => {
  test("is made once, and renamed by the next call; an equal call changes nothing", async () => {
    const id = randomUUID();
    const first = value(await placement.call.ensureProvider(context, { id, name: `a-${id}`, parentId: null }));
    const same = value(await placement.call.ensureProvider(context, { id, name: `a-${id}`, parentId: null }));
    const renamed = value(await placement.call.ensureProvider(context, { id, name: `b-${id}`, parentId: null }));
    expect(first).toEqual({
      id,
      name: `a-${id}`,
      parentId: null,
      rootId: id,
      generation: 0,
      inventories: {},
      used: {},
      consumers: 0,
      traits: [],
      aggregates: [],
    });
    expect(same).toEqual(first);
    expect(renamed).toMatchObject({ name: `b-${id}`, generation: 1 });
  });

  test("has a name of its own, that is free again when it is deleted", async () => {
    const { id, name } = await placement.newProvider();
    const other = randomUUID();
    expect(await placement.call.ensureProvider(context, { id: other, name, parentId: null })).toMatchObject({
      refusal: "nameTaken",
    });
    await placement.call.deleteProvider(context, { providerId: id });
    expect(await placement.call.ensureProvider(context, { id: other, name, parentId: null })).toMatchObject({
      ok: true,
    });
  });

  test("is one, whoever of many asks for it at the same time; of two with one name, one is refused", async () => {
    const id = randomUUID();
    const ask = { id, name: `c-${id}`, parentId: null };
    const same = await Promise.all(Array.from({ length: 5 }, () => placement.call.ensureProvider(context, ask)));
    expect(same.every((outcome) => outcome.ok)).toBe(true);
    const name = `d-${id}`;
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const outcomes = await Promise.all(
      ids.map((each) => placement.call.ensureProvider(context, { id: each, name, parentId: null })),
    );
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test("stands below an existing parent, never below itself", async () => {
    const root = await placement.newProvider();
    const child = await placement.newProvider({ VGPU: {} }, root.id);
    expect(child.parentId).toBe(root.id);
    const missing = await placement.call.ensureProvider(context, {
      id: child.id,
      name: child.name,
      parentId: "nobody",
    });
    expect(missing).toMatchObject({ refusal: "parentNotFound" });
    const circle = await placement.call.ensureProvider(context, { id: root.id, name: root.name, parentId: child.id });
    expect(circle).toMatchObject({ refusal: "parentNotFound" });
  });

  test("is deleted with all below it, unless something is taken from one of them", async () => {
    const root = await placement.newProvider();
    const child = await placement.newProvider({ VGPU: {} }, root.id);
    const consumer = randomUUID();
    value(await placement.claim(claimOf(consumer, 1, { [child.id]: { VGPU: 1 } })));
    expect(await placement.call.deleteProvider(context, { providerId: root.id })).toMatchObject({
      refusal: "providerInUse",
      details: { consumers: 1 },
    });
    value(await placement.claim(claimOf(consumer, 2, {})));
    expect(await placement.call.deleteProvider(context, { providerId: root.id })).toMatchObject({ ok: true });
    expect(await placement.call.deleteProvider(context, { providerId: child.id })).toMatchObject({
      refusal: "providerNotFound",
    });
  });
});

describe("inventories", () => {
  test("are replaced as a whole, under the generation that was read; an equal set changes nothing", async () => {
    const provider = await placement.newProvider({ VCPU: { total: 4 }, DISK_GB: { total: 10 } });
    const set = (generation: number, inventories: Record<string, Inventory>) =>
      placement.call.setInventories(context, { providerId: provider.id, generation, inventories });
    const now = { VCPU: { ...eight, total: 6, allocationRatio: 1.5 } };
    expect(await set(provider.generation - 1, now)).toMatchObject({
      refusal: "generationConflict",
      details: { generation: provider.generation },
    });
    const replaced = value(await set(provider.generation, now));
    expect(replaced).toMatchObject({ generation: provider.generation + 1, inventories: now });
    expect(value(await set(replaced.generation, now))).toEqual(replaced);
  });

  test("in use may shrink below it, and may not vanish", async () => {
    const provider = await placement.newProvider({ VCPU: { total: 4 } });
    const consumer = randomUUID();
    value(await placement.claim(claimOf(consumer, 1, { [provider.id]: { VCPU: 4 } })));
    const { generation } = await placement.now(provider.id);
    const set = (inventories: Record<string, Inventory>) =>
      placement.call.setInventories(context, { providerId: provider.id, generation, inventories });
    expect(await set({})).toMatchObject({ refusal: "inventoryInUse", details: { resourceClass: "VCPU" } });
    const shrunk = value(await set({ VCPU: { ...eight, total: 2 } }));
    expect(shrunk).toMatchObject({ used: { VCPU: 4 }, inventories: { VCPU: { total: 2 } } });
    value(await placement.claim(claimOf(consumer, 1, { [provider.id]: { VCPU: 4 } })));
    value(await placement.claim(claimOf(consumer, 1, { [provider.id]: { VCPU: 3 } })));
    expect(await placement.claim(claimOf(consumer, 1, { [provider.id]: { VCPU: 4 } }))).toMatchObject({
      refusal: "noCapacity",
    });
  });
});

describe("a claim", () => {
  test.each<[string, Partial<Inventory>, number, boolean]>([
    ["takes the last that is free", {}, 8, true],
    ["never more than there is", {}, 9, false],
    ["fills up to total x ratio", { allocationRatio: 1.5 }, 12, true],
    ["not beyond total x ratio", { allocationRatio: 1.5 }, 13, false],
    ["leaves what is reserved", { reserved: 3, allocationRatio: 2 }, 11, false],
    ["is not less than the least unit", { minUnit: 2 }, 1, false],
    ["is not more than the largest", { maxUnit: 4 }, 5, false],
    ["goes by steps", { stepSize: 3 }, 4, false],
    ["on a step is had", { stepSize: 3 }, 6, true],
  ])("%s", async (_rule, inventory, amount, fits) => {
    const { id, generation } = await placement.newProvider({ VCPU: inventory });
    const consumer = randomUUID();
    const outcome = await placement.claim(claimOf(consumer, 1, { [id]: { VCPU: amount } }));
    if (fits) expect(outcome).toEqual({ ok: true, value: undefined });
    else {
      const details = { consumerId: consumer, providerId: id, resourceClass: "VCPU" };
      expect(outcome).toEqual({ ok: false, refusal: "noCapacity", details });
    }
    expect(await placement.now(id)).toMatchObject({
      used: fits ? { VCPU: amount } : {},
      consumers: fits ? 1 : 0,
      generation: generation + (fits ? 1 : 0),
    });
  });

  test("replaces what the consumer had, on other providers too, and a repeat changes nothing", async () => {
    const [one, other] = [await placement.newProvider({ VCPU: {}, DISK_GB: {} }), await placement.newProvider()];
    const consumer = randomUUID();
    value(await placement.claim(claimOf(consumer, 1, { [one.id]: { VCPU: 2, DISK_GB: 5 } })));
    const moved = claimOf(consumer, 2, { [one.id]: { DISK_GB: 6 }, [other.id]: { VCPU: 3 } });
    value(await placement.claim(moved));
    const after = [await placement.now(one.id), await placement.now(other.id)];
    expect(after).toMatchObject([
      { used: { DISK_GB: 6 }, consumers: 1 },
      { used: { VCPU: 3 }, consumers: 1 },
    ]);
    value(await placement.claim(moved));
    expect([await placement.now(one.id), await placement.now(other.id)]).toEqual(after);
    expect(await placement.call.allocations(context, { consumerIds: [consumer, "nobody"] })).toEqual([
      {
        consumerId: consumer,
        fence: 2,
        allocations: [...moved.allocations].sort((a, b) => (a.providerId < b.providerId ? -1 : 1)),
      },
    ]);
    value(await placement.claim(claimOf(consumer, 2, {})));
    expect(await placement.now(one.id)).toMatchObject({ used: {}, consumers: 0 });
    expect(await placement.call.allocations(context, { consumerIds: [consumer] })).toEqual([]);
    expect(value(await placement.call.consumersOf(context, { providerId: one.id }))).toEqual([]);
  });

  test("with an older fence is refused, even when the newer one took everything away", async () => {
    const { id } = await placement.newProvider();
    const consumer = randomUUID();
    value(await placement.claim(claimOf(consumer, 5, { [id]: { VCPU: 1 } })));
    const stale = { ok: false, refusal: "staleFence", details: { consumerId: consumer, newest: 5 } };
    expect(await placement.claim(claimOf(consumer, 4, {}))).toEqual(stale);
    value(await placement.claim(claimOf(consumer, 5, {})));
    expect(await placement.claim(claimOf(consumer, 4, { [id]: { VCPU: 1 } }))).toEqual(stale);
    expect(await placement.now(id)).toMatchObject({ used: {}, consumers: 0 });
  });

  test("for many consumers is all or nothing, fences included", async () => {
    const [one, other] = [await placement.newProvider(), await placement.newProvider({ VCPU: { total: 1 } })];
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()] as const;
    const outcome = await placement.claim(
      claimOf(first, 7, { [one.id]: { VCPU: 8 } }),
      claimOf(second, 7, { [other.id]: { VCPU: 1 } }),
      claimOf(third, 7, { [other.id]: { VCPU: 1 } }),
    );
    expect(outcome).toMatchObject({ refusal: "noCapacity", details: { consumerId: third, providerId: other.id } });
    expect(await placement.now(one.id)).toMatchObject({ used: {}, generation: one.generation });
    expect(await placement.call.allocations(context, { consumerIds: [first, second, third] })).toEqual([]);
    value(await placement.claim(claimOf(first, 1, { [one.id]: { VCPU: 8 } })));
    const stale = await placement.claim(claimOf(second, 1, {}), claimOf(first, 0, {}));
    expect(stale).toMatchObject({ refusal: "staleFence", details: { consumerId: first } });
  });

  test("lets one consumer have what another gives back in the same claim", async () => {
    const { id } = await placement.newProvider();
    const [one, other] = [randomUUID(), randomUUID()];
    value(await placement.claim(claimOf(one, 1, { [id]: { VCPU: 8 } })));
    value(await placement.claim(claimOf(one, 2, {}), claimOf(other, 1, { [id]: { VCPU: 8 } })));
    expect(value(await placement.call.consumersOf(context, { providerId: id }))).toMatchObject([{ consumerId: other }]);
  });

  test("on a provider or of a resource that is not there is refused", async () => {
    const { id } = await placement.newProvider();
    expect(await placement.claim(claimOf(randomUUID(), 1, { nowhere: { VCPU: 1 } }))).toMatchObject({
      refusal: "providerNotFound",
      details: { providerId: "nowhere" },
    });
    expect(await placement.claim(claimOf(randomUUID(), 1, { [id]: { VCPU: 1, CUSTOM_X: 1 } }))).toMatchObject({
      refusal: "noCapacity",
      details: { resourceClass: "CUSTOM_X" },
    });
  });

  test("that names a consumer or a provider twice is no claim", async () => {
    const { id } = await placement.newProvider();
    const consumer = randomUUID();
    const twice = claimOf(consumer, 1, { [id]: { VCPU: 1 } });
    await expect(placement.claim(twice, twice)).rejects.toMatchObject({ code: "rpc.badArguments" });
    const double = { ...twice, allocations: [...twice.allocations, ...twice.allocations] };
    await expect(placement.claim(double)).rejects.toMatchObject({ code: "rpc.badArguments" });
  });
});

describe("under 8 concurrent clients", () => {
  test("no claim exceeds a capacity, none is refused while there was room, and all sums are right", async () => {
    const capacity = { VCPU: 20, MEMORY_MB: 100 };
    const providers = await Promise.all(
      Array.from({ length: 3 }, () =>
        placement.newProvider({ VCPU: { total: 20 }, MEMORY_MB: { total: 50, allocationRatio: 2 } }),
      ),
    );
    const ids = providers.map(({ id }) => id);
    const refusals: string[] = [];
    await Promise.all(
      Array.from({ length: 8 }, async (_, client) => {
        const consumers = Array.from({ length: 6 }, () => randomUUID());
        for (let round = 1; round <= 40; round++) {
          const claims = sample(consumers, 1 + (round % 3)).map((consumer) =>
            claimOf(consumer, round, randomTake(ids)),
          );
          const outcome = await placement.claim(...claims);
          if (!outcome.ok) refusals.push(outcome.refusal);
          if (client === 0 && round % 10 === 0) {
            for (const id of ids) expectWithin((await placement.now(id)).used, capacity);
          }
        }
      }),
    );
    expect(refusals.length).toBeGreaterThan(0);
    expect(new Set(refusals)).toEqual(new Set(["noCapacity"]));
    for (const id of ids) {
      const { used, consumers } = await placement.now(id);
      expectWithin(used, capacity);
      const holders = value(await placement.call.consumersOf(context, { providerId: id }));
      expect(consumers).toBe(holders.length);
      expect(used).toEqual(
        sumOf(holders.flatMap(({ allocations }) => allocations.filter((each) => each.providerId === id))),
      );
    }
  });

  test("one provider with room for just as many gets them all, and not one more", async () => {
    const { id } = await placement.newProvider({ VCPU: { total: 100 } });
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const own: boolean[] = [];
        for (let each = 0; each < 15; each++)
          own.push((await placement.claim(claimOf(randomUUID(), 1, { [id]: { VCPU: 1 } }))).ok);
        return own;
      }),
    );
    expect(outcomes.flat().filter(Boolean)).toHaveLength(100);
    expect(await placement.now(id)).toMatchObject({ used: { VCPU: 100 }, consumers: 100 });
  });

  function randomTake(ids: readonly string[]): Record<string, Resources> {
    if (Math.random() < 0.2) return {};
    return Object.fromEntries(
      sample(ids, 1 + Math.floor(Math.random() * 2)).map((id) => [
        id,
        { VCPU: 1 + Math.floor(Math.random() * 6), MEMORY_MB: 1 + Math.floor(Math.random() * 30) },
      ]),
    );
  }

  function sample<Item>(items: readonly Item[], count: number): Item[] {
    return [...items].sort(() => Math.random() - 0.5).slice(0, count);
  }

  function expectWithin(used: Record<string, number>, capacity: Record<string, number>): void {
    for (const [name, amount] of Object.entries(used)) expect(amount).toBeLessThanOrEqual(capacity[name] ?? 0);
  }

  function sumOf(allocations: readonly { resources: Resources }[]): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { resources } of allocations) {
      for (const [name, amount] of Object.entries(resources)) sums[name] = (sums[name] ?? 0) + amount;
    }
    return sums;
  }
});

test("what is forgotten: consumers without anything, and old deletions, after which an old reader starts again", async () => {
  const forgetful = await livePlacement(0);
  try {
    const id = randomUUID();
    value(await forgetful.call.ensureProvider(context, { id, name: id, parentId: null }));
    const { sequence } = await forgetful.call.changes(context, { after: 0, limit: 10 });
    await forgetful.call.deleteProvider(context, { providerId: id });
    const told = await forgetful.call.changes(context, { after: sequence, limit: 10 });
    expect(told).toMatchObject({ deleted: [id], reset: false });
    // Older transactions of the server, other tests' too, keep the feed from going on.
    const settled = await vi.waitFor(async () => {
      const news = await forgetful.call.changes(context, { after: sequence, limit: 10 });
      expect(await forgetful.call.changes(context, { after: news.sequence, limit: 10 })).toMatchObject({ deleted: [] });
      return news.sequence;
    });
    await forgetful.database.execute(sql`UPDATE placement.providers SET deleted_at = now() - interval '1 second'`);
    await forgetful.database.execute(sql`
      INSERT INTO placement.consumers (id, fence, project_id, user_id, updated_at) VALUES ('old', 1, 'p', 'u', now() - interval '1 day'), ('new', 1, 'p', 'u', now())`);
    await forgetful.manager.forget(context);
    expect(await forgetful.call.changes(context, { after: sequence, limit: 10 })).toMatchObject({ reset: true });
    expect(await forgetful.call.changes(context, { after: settled, limit: 10 })).toMatchObject({
      reset: false,
      deleted: [],
    });
    const { rows } = await forgetful.database.execute(sql`SELECT id FROM placement.consumers`);
    expect(rows).toEqual([{ id: "new" }]);
  } finally {
    await forgetful.stop();
  }
});
