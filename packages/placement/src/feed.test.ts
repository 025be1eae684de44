import { randomUUID } from "node:crypto";
import type { Inventory, Provider } from "@kilonova/contracts";
import { RequestContext } from "@kilonova/messaging";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type LivePlacement, livePlacement } from "./testing/live-placement.js";

const context = RequestContext.admin();
const inventory: Inventory = { total: 50, reserved: 0, minUnit: 1, maxUnit: 50, stepSize: 1, allocationRatio: 1 };
let placement: LivePlacement;

beforeEach(async () => {
  placement = await livePlacement();
});
afterEach(() => placement.stop());

/** Follows the feed as a scheduler does. */
class Follower {
  readonly providers = new Map<string, Provider>();
  sequence = 0;

  async catchUp(limit: number): Promise<void> {
    for (let more = true; more; ) {
      const page = await placement.call.changes(context, { after: this.sequence, limit });
      expect(page.reset).toBe(false);
      for (const provider of page.providers) this.providers.set(provider.id, provider);
      for (const id of page.deleted) this.providers.delete(id);
      this.sequence = page.sequence;
      more = page.more;
    }
  }
}

async function readAll(limit: number): Promise<Map<string, Provider>> {
  const all = new Map<string, Provider>();
  let after: string | null = null;
  for (let more = true; more; ) {
    const page: Awaited<ReturnType<LivePlacement["call"]["providers"]>> = await placement.call.providers(context, {
      after,
      limit,
    });
    for (const provider of page.providers) all.set(provider.id, provider);
    after = page.providers.at(-1)?.id ?? null;
    more = page.more;
  }
  return all;
}

async function makeProvider(): Promise<string> {
  const id = randomUUID();
  await placement.call.ensureProvider(context, { id, name: id, parentId: null });
  await placement.call.setInventories(context, { providerId: id, generation: 0, inventories: { VCPU: inventory } });
  return id;
}

test("who follows it through random concurrent changes ends with what a full read tells", {
  timeout: 60_000,
}, async () => {
  const ids = await Promise.all(Array.from({ length: 12 }, makeProvider));
  const pick = () => ids[Math.floor(Math.random() * ids.length)] ?? "";
  let isDone = false;
  const change = async () => {
    for (let round = 1; round <= 60; round++) {
      const dice = Math.random();
      const [consumerId, other] = [randomUUID(), randomUUID()];
      const claim = { fence: 1, projectId: "p", userId: "u" };
      if (dice < 0.7) {
        const taken = (providerId: string) => [{ providerId, resources: { VCPU: 1 } }];
        await placement.call.claim(context, {
          claims: [
            { ...claim, consumerId, allocations: taken(pick()) },
            { ...claim, consumerId: other, allocations: taken(pick()) },
          ],
        });
      } else if (dice < 0.85) ids.push(await makeProvider());
      else await placement.call.deleteProvider(context, { providerId: pick() });
    }
  };
  const follower = new Follower();
  const follow = async () => {
    while (!isDone) await follower.catchUp(3);
  };
  const following = follow();
  await Promise.all(Array.from({ length: 6 }, change));
  isDone = true;
  await following;
  await follower.catchUp(3);
  expect(follower.providers).toEqual(await readAll(5));
  expect(follower.providers.size).toBeGreaterThan(12);
});

test("a change whose transaction began early and ended late is not missed, and delays no other", async () => {
  const [slow, quick] = [await makeProvider(), await makeProvider()];
  const follower = new Follower();
  await follower.catchUp(100);

  const client = await placement.database.$client.connect();
  await client.query("BEGIN");
  await client.query(
    "UPDATE placement.providers SET generation = 100, changed = pg_current_xact_id()::text::bigint WHERE id = $1",
    [slow],
  );
  const claim = { fence: 1, projectId: "p", userId: "u", allocations: [{ providerId: quick, resources: { VCPU: 1 } }] };
  await placement.call.claim(context, { claims: [{ ...claim, consumerId: "c" }] });

  await follower.catchUp(100);
  expect(follower.providers.get(quick)?.used).toEqual({ VCPU: 1 });
  expect(follower.providers.get(slow)?.generation).not.toBe(100);

  await client.query("COMMIT");
  client.release();
  await follower.catchUp(100);
  expect(follower.providers.get(slow)?.generation).toBe(100);
});

test("while nothing changes it tells nothing, once no older transaction of the server runs", async () => {
  await makeProvider();
  const follower = new Follower();
  await vi.waitFor(async () => {
    await follower.catchUp(100);
    const news = await placement.call.changes(context, { after: follower.sequence, limit: 100 });
    expect(news).toMatchObject({ providers: [], deleted: [], more: false, reset: false });
  });
});

test("a transaction that stays open costs no change, however small the pages", async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, makeProvider));
  const follower = new Follower();
  await follower.catchUp(2);
  const client = await placement.database.$client.connect();
  await client.query("BEGIN; SELECT pg_current_xact_id()");
  for (const id of ids) {
    await placement.database.execute(
      sql`UPDATE placement.providers SET generation = 9, changed = pg_current_xact_id()::text::bigint WHERE id = ${id}`,
    );
  }
  await follower.catchUp(2);
  await client.query("ROLLBACK");
  client.release();
  expect(ids.map((id) => follower.providers.get(id)?.generation)).toEqual(ids.map(() => 9));
});

test("one transaction that changes more than a page holds is told whole", async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, makeProvider));
  const follower = new Follower();
  await follower.catchUp(2);
  await placement.database.execute(
    sql`UPDATE placement.providers SET generation = 9, changed = pg_current_xact_id()::text::bigint`,
  );
  await follower.catchUp(2);
  expect(ids.map((id) => follower.providers.get(id)?.generation)).toEqual(ids.map(() => 9));
});

test("a number from another life of the database makes the reader start again", async () => {
  expect(await placement.call.changes(context, { after: 2 ** 50, limit: 10 })).toMatchObject({
    reset: true,
    more: false,
  });
});
