import { randomUUID } from "node:crypto";
import type { Claim, ServerGroupRule } from "@kilonova/contracts";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { claimOf, PlacementScene, value } from "./testing/placement-scene.js";

let placement: PlacementScene;
const hosts: string[] = [];
beforeAll(async () => {
  placement = await PlacementScene.start();
  for (let each = 0; each < 3; each++) hosts.push((await placement.newProvider({ VCPU: { total: 1000 } })).id);
});
afterAll(() => placement.stop());

let group: ServerGroupRule;
const affinity = (): ServerGroupRule => ({ id: randomUUID(), policy: "affinity", maxServerPerHost: 1 });
const antiAffinity = (maxServerPerHost = 1): ServerGroupRule => ({
  id: randomUUID(),
  policy: "anti-affinity",
  maxServerPerHost,
});
const hostOf = (index: number) => hosts[index] ?? "";

/** The claim of a member on the host of that number. */
function on(index: number, consumerId: string = randomUUID(), more: Partial<Claim> = {}): Claim {
  const providerId = hostOf(index);
  return claimOf(consumerId, 1, { [providerId]: { VCPU: 1 } }, { providerId, group, ...more });
}

function broken({ consumerId, providerId }: Claim) {
  return { ok: false, refusal: "groupPolicy", details: { consumerId, providerId, groupId: group.id } };
}

describe("anti-affinity", () => {
  beforeEach(() => {
    group = antiAffinity();
  });

  test("lets one member be on each host", async () => {
    value(await placement.claim(on(0)));
    value(await placement.claim(on(1)));
    const third = on(0);
    expect(await placement.claim(third)).toEqual(broken(third));
    expect(await placement.call.allocations(placement.context, { consumerIds: [third.consumerId] })).toEqual([]);
    value(await placement.claim({ ...on(2), consumerId: third.consumerId }));
  });

  test("lets as many be on each host as it says", async () => {
    group = antiAffinity(2);
    for (const host of [0, 0, 1, 1]) value(await placement.claim(on(host)));
    expect(await placement.claim(on(1))).toMatchObject({ refusal: "groupPolicy" });
  });

  test("counts the members of one call together", async () => {
    const [one, other] = [on(0), on(0)];
    expect(await placement.claim(one, other)).toEqual(broken(other));
    value(await placement.claim(on(0), on(1), on(2)));
  });

  test("counts a member that moves in its new place alone, and one that has nothing in none", async () => {
    const [one, other] = [on(0), on(1)];
    value(await placement.claim(one, other));
    expect(await placement.claim(on(1, one.consumerId))).toMatchObject({ refusal: "groupPolicy" });
    value(await placement.claim(on(2, one.consumerId)));
    value(await placement.claim(on(0)));
    value(await placement.claim({ ...other, allocations: [] }));
    value(await placement.claim(on(1)));
  });

  test("lets two members change places in one call", async () => {
    const [one, other] = [on(0), on(1)];
    value(await placement.claim(one, other));
    value(await placement.claim(on(1, one.consumerId), on(0, other.consumerId)));
  });

  test("that was broken before hinders nobody elsewhere, nor one that stays", async () => {
    const strict = group;
    group = { ...strict, maxServerPerHost: 2 };
    const [one, other] = [on(0), on(0)];
    value(await placement.claim(one, other));
    group = strict;
    value(await placement.claim(on(1)));
    value(
      await placement.claim({
        ...on(0, one.consumerId),
        allocations: [{ providerId: hostOf(0), resources: { VCPU: 2 } }],
      }),
    );
    expect(await placement.claim(on(0))).toMatchObject({ refusal: "groupPolicy" });
  });

  test("does not count those of another group, nor of none", async () => {
    value(await placement.claim(on(0), on(0, randomUUID(), { group: antiAffinity() })));
    value(await placement.claim(claimOf(randomUUID(), 1, { [hostOf(0)]: { VCPU: 1 } }, { providerId: hostOf(0) })));
  });

  test("counts by the root of the host, whichever of its providers is taken from", async () => {
    const child = await placement.newProvider({ VGPU: {} }, hostOf(0));
    const nested = () => claimOf(randomUUID(), 1, { [child.id]: { VGPU: 1 } }, { providerId: hostOf(0), group });
    value(await placement.claim(nested()));
    expect(await placement.claim(nested())).toMatchObject({
      refusal: "groupPolicy",
      details: { providerId: hostOf(0) },
    });
  });
});

describe("affinity", () => {
  beforeEach(() => {
    group = affinity();
  });

  test("keeps all members on one host", async () => {
    value(await placement.claim(on(0)));
    value(await placement.claim(on(0), on(0)));
    const stray = on(1);
    expect(await placement.claim(stray)).toEqual(broken(stray));
  });

  test("keeps the members of one call together, and moves all at once", async () => {
    expect(await placement.claim(on(0), on(1))).toMatchObject({ refusal: "groupPolicy" });
    const [one, other] = [on(0), on(0)];
    value(await placement.claim(one, other));
    expect(await placement.claim(on(1, one.consumerId))).toMatchObject({ refusal: "groupPolicy" });
    value(await placement.claim(on(1, one.consumerId), on(1, other.consumerId)));
    value(await placement.claim({ ...other, allocations: [] }));
    value(await placement.claim(on(2, one.consumerId)));
  });

  test("that was broken before hinders none that joins a member or stays", async () => {
    const strict = group;
    group = { ...antiAffinity(), id: strict.id };
    const [one, other] = [on(0), on(1)];
    value(await placement.claim(one, other));
    group = strict;
    value(await placement.claim(one, on(1)));
    value(await placement.claim(on(0)));
    expect(await placement.claim(on(2))).toMatchObject({ refusal: "groupPolicy" });
  });
});

test("a claim with a group says where its consumer is", async () => {
  group = affinity();
  await expect(placement.claim(on(0, "c", { providerId: undefined }))).rejects.toMatchObject({
    code: "rpc.badArguments",
  });
  const nowhere = on(0, "c", { providerId: "nowhere" });
  expect(await placement.claim(nowhere)).toMatchObject({
    refusal: "providerNotFound",
    details: { providerId: "nowhere" },
  });
});

test("policies hold, and nobody waits for ever, when members of several groups come at the same time", async () => {
  const groups = [antiAffinity(2), antiAffinity(1), affinity(), affinity()];
  const member = (each: ServerGroupRule | undefined, index: number): Claim => ({ ...on(index), group: each });
  const random = (count: number) => Math.floor(Math.random() * count);
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let round = 0; round < 12; round++) {
        const claims = Array.from({ length: 1 + random(3) }, () => member(groups[random(4)], random(3)));
        if (round % 2 === 0) await placement.claim(...claims);
        else await placement.claimEach(...claims.map((claim) => [claim]));
      }
    }),
  );
  for (const { id, policy, maxServerPerHost } of groups) {
    const members = await placement.call.consumers(placement.context, { consumerIds: [], groupId: id });
    expect(members.length).toBeGreaterThan(0);
    const counts = hosts.map((host) => members.filter(({ providerId }) => providerId === host).length).filter(Boolean);
    if (policy === "affinity") expect(counts).toHaveLength(1);
    else expect(Math.max(...counts)).toBeLessThanOrEqual(maxServerPerHost);
  }
});
