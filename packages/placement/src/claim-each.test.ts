import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimOf, PlacementScene, value } from "./testing/placement-scene.js";

let placement: PlacementScene;
beforeAll(async () => {
  placement = await PlacementScene.start();
});
afterAll(() => placement.stop());

const accepted = { ok: true, refusal: null, consumerId: null, providerId: null, resourceClass: null };

async function holdersOf(providerId: string) {
  const holders = value(await placement.call.consumersOf(placement.context, { providerId }));
  return holders.map(({ consumerId }) => consumerId);
}

test("many claims have what they ask for, and one that is refused hinders no other", async () => {
  const [one, other] = [await placement.newProvider(), await placement.newProvider({ VCPU: { total: 2 } })];
  const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map((each) => `${each}-${randomUUID()}`) as [
    string,
    string,
    string,
    string,
    string,
  ];
  value(await placement.claim(claimOf(e, 7, { [one.id]: { VCPU: 1 } })));
  const outcomes = await placement.claimEach(
    [claimOf(a, 1, { [one.id]: { VCPU: 1 } })],
    [claimOf(b, 1, { [one.id]: { VCPU: 1 } }), claimOf(c, 1, { [other.id]: { VCPU: 3 } })],
    [claimOf(d, 1, { [other.id]: { VCPU: 2 } })],
    [claimOf(randomUUID(), 1, { nowhere: { VCPU: 1 } })],
    [claimOf(e, 6, {})],
    [claimOf("f", 1, { [one.id]: { VCPU: 1 } }, { consumerGeneration: 4 })],
  );
  expect(outcomes).toEqual([
    accepted,
    { ok: false, refusal: "noCapacity", consumerId: c, providerId: other.id, resourceClass: "VCPU" },
    accepted,
    {
      ok: false,
      refusal: "providerNotFound",
      consumerId: expect.any(String),
      providerId: "nowhere",
      resourceClass: null,
    },
    { ok: false, refusal: "staleFence", consumerId: e, providerId: null, resourceClass: null },
    { ok: false, refusal: "consumerConflict", consumerId: "f", providerId: null, resourceClass: null },
  ]);
  expect(await holdersOf(one.id)).toEqual([a, e].toSorted());
  expect(await holdersOf(other.id)).toEqual([d]);
  expect(await placement.now(one.id)).toMatchObject({ used: { VCPU: 2 }, consumers: 2 });
});

test("each is judged in its order, as if it came alone", async () => {
  const { id } = await placement.newProvider({ VCPU: { total: 4 } });
  const holder = randomUUID();
  value(await placement.claim(claimOf(holder, 1, { [id]: { VCPU: 4 } })));
  const four = () => [claimOf(randomUUID(), 1, { [id]: { VCPU: 4 } })];
  const outcomes = await placement.claimEach(four(), [claimOf(holder, 1, {})], four(), four());
  expect(outcomes.map(({ ok }) => ok)).toEqual([false, true, true, false]);
  expect(await placement.now(id)).toMatchObject({ used: { VCPU: 4 }, consumers: 1 });
});

test("of new consumers for whom there is not room in all, the first have it, and small ones fill the rest", async () => {
  const { id } = await placement.newProvider({ VCPU: { total: 10, maxUnit: 6 } });
  const amounts = [4, 7, 4, 3, 2, 1];
  const outcomes = await placement.claimEach(
    ...amounts.map((amount) => [claimOf(randomUUID(), 1, { [id]: { VCPU: amount } })]),
  );
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true, false, true, false]);
});

test("the members of a group in one batch are counted one after the other", async () => {
  const hosts = [await placement.newProvider(), await placement.newProvider()] as const;
  const member = (host: number, group: { id: string; policy: "affinity" | "anti-affinity" }) => {
    const providerId = hosts[host]?.id ?? "";
    return [
      claimOf(randomUUID(), 1, { [providerId]: { VCPU: 1 } }, { providerId, group: { ...group, maxServerPerHost: 1 } }),
    ];
  };
  const apart = { id: randomUUID(), policy: "anti-affinity" } as const;
  const together = { id: randomUUID(), policy: "affinity" } as const;
  const outcomes = await placement.claimEach(
    member(0, apart),
    member(0, apart),
    member(1, apart),
    member(1, together),
    member(0, together),
    member(1, together),
  );
  expect(outcomes.map(({ refusal }) => refusal)).toEqual([null, "groupPolicy", null, null, "groupPolicy", null]);
  expect(outcomes[1]).toMatchObject({ providerId: hosts[0].id });
});

test("what is refused leaves nothing behind, no fence either", async () => {
  const { id } = await placement.newProvider({ VCPU: { total: 1 } });
  const [one, other] = [randomUUID(), randomUUID()];
  const outcomes = await placement.claimEach(
    [claimOf(one, 9, { [id]: { VCPU: 2 } })],
    [claimOf(other, 9, { [id]: { VCPU: 2 } })],
  );
  expect(outcomes.map(({ refusal }) => refusal)).toEqual(["noCapacity", "noCapacity"]);
  const { rows } = await placement.live.database.execute(
    sql`SELECT id FROM placement.consumers WHERE id IN (${one}, ${other})`,
  );
  expect(rows).toEqual([]);
  expect(await placement.now(id)).toMatchObject({ used: {}, consumers: 0 });
  value(await placement.claim(claimOf(one, 1, { [id]: { VCPU: 1 } })));
});

test("a repeat changes nothing", async () => {
  const { id } = await placement.newProvider();
  const lists = [1, 2, 3].map((amount) => [claimOf(randomUUID(), 1, { [id]: { VCPU: amount } })]);
  expect(await placement.claimEach(...lists)).toEqual([accepted, accepted, accepted]);
  const before = await placement.now(id);
  expect(await placement.claimEach(...lists)).toEqual([accepted, accepted, accepted]);
  expect(await placement.now(id)).toEqual(before);
});

test("a consumer is named once in all of it", async () => {
  const { id } = await placement.newProvider();
  const claim = claimOf(randomUUID(), 1, { [id]: { VCPU: 1 } });
  await expect(placement.claimEach([claim], [claim])).rejects.toMatchObject({ code: "rpc.badArguments" });
});
