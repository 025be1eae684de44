import { randomUUID } from "node:crypto";
import type { Claim } from "@kilonova/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimOf, PlacementScene, value } from "./testing/placement-scene.js";

let placement: PlacementScene;
let host: string;
beforeAll(async () => {
  placement = await PlacementScene.start();
  host = (await placement.newProvider({ VCPU: { total: 1000 } })).id;
});
afterAll(() => placement.stop());

const take = (consumerId: string, amount: number, more: Partial<Claim> = {}) =>
  placement.claim(claimOf(consumerId, 1, amount > 0 ? { [host]: { VCPU: amount } } : {}, more));

test("a consumer's generation is raised by each claim that changes it, and by no other", async () => {
  const consumer = randomUUID();
  const generations: number[] = [];
  for (const claim of [() => take(consumer, 1), () => take(consumer, 1), () => take(consumer, 2)]) {
    value(await claim());
    generations.push(await placement.generationOf(consumer));
  }
  value(await take(consumer, 2, { providerId: host }));
  generations.push(await placement.generationOf(consumer));
  expect(generations).toEqual([1, 1, 2, 3]);
});

test("a claim that names the generation is made on that one alone", async () => {
  const consumer = randomUUID();
  const conflict = (generation: number) => ({
    ok: false,
    refusal: "consumerConflict",
    details: { consumerId: consumer, generation },
  });
  expect(await take(consumer, 1, { consumerGeneration: 3 })).toEqual(conflict(0));
  value(await take(consumer, 1, { consumerGeneration: null }));
  expect(await take(consumer, 2, { consumerGeneration: null })).toEqual(conflict(1));
  expect(await take(consumer, 2, { consumerGeneration: 0 })).toEqual(conflict(1));
  value(await take(consumer, 2, { consumerGeneration: 1 }));
  expect(await take(consumer, 3, { consumerGeneration: 1 })).toEqual(conflict(2));
  value(await take(consumer, 0, { consumerGeneration: 2 }));
  value(await take(consumer, 1, { consumerGeneration: null }));
  expect(await placement.generationOf(consumer)).toBe(4);
});

test("of many claims on one generation at the same time one is made", async () => {
  const consumer = randomUUID();
  const outcomes = await Promise.all([1, 2, 3, 4, 5].map((each) => take(consumer, each, { consumerGeneration: null })));
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  const more = await Promise.all([6, 7, 8, 9].map((each) => take(consumer, each, { consumerGeneration: 1 })));
  expect(more.filter(({ ok }) => ok)).toHaveLength(1);
  expect(await placement.generationOf(consumer)).toBe(2);
});

test("an older fence is told of before another generation", async () => {
  const consumer = randomUUID();
  value(await take(consumer, 1, { fence: 5 }));
  expect(await take(consumer, 1, { fence: 4, consumerGeneration: null })).toMatchObject({ refusal: "staleFence" });
});

test("consumers are found by their ids and by their group; who has nothing is left out", async () => {
  const [one, other, third, stranger] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()] as const;
  const group = { id: randomUUID(), policy: "affinity", maxServerPerHost: 1 } as const;
  for (const each of [one, other, third]) value(await take(each, 1, { providerId: host, group }));
  value(await take(stranger, 1));
  value(await take(third, 0, { providerId: host, group }));
  const find = (consumerIds: string[], groupId: string | null) =>
    placement.call.consumers(placement.context, { consumerIds, groupId });
  const member = (consumerId: string) => ({ consumerId, providerId: host, groupId: group.id, generation: 1 });
  expect(await find([], group.id)).toEqual([one, other].toSorted().map(member));
  expect(await find([stranger, third, "nobody"], null)).toEqual([
    { consumerId: stranger, providerId: null, groupId: null, generation: 1 },
  ]);
  value(await take(one, 1));
  expect(await find([one, other], group.id)).toMatchObject(
    [one, other].toSorted().map((each) => ({ consumerId: each, groupId: each === one ? null : group.id })),
  );
});
