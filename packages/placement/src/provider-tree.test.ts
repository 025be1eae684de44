import { randomUUID } from "node:crypto";
import type { Provider } from "@kilonova/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PlacementScene, value } from "./testing/placement-scene.js";

let placement: PlacementScene;
beforeAll(async () => {
  placement = await PlacementScene.start();
});
afterAll(() => placement.stop());

async function move({ id, name }: Provider, parentId: string | null) {
  return placement.call.ensureProvider(placement.context, { id, name, parentId });
}

/** What was changed from a moment on. */
async function told(after: number): Promise<ReadonlyMap<string, Provider>> {
  const page = await placement.call.changes(placement.context, { after, limit: 1000 });
  return new Map(page.providers.map((provider) => [provider.id, provider]));
}

test("each provider knows the root of its tree", async () => {
  const root = await placement.newProvider();
  const child = await placement.newProvider({ VGPU: {} }, root.id);
  const grandchild = await placement.newProvider({ VGPU: {} }, child.id);
  expect([root, child, grandchild].map(({ rootId }) => rootId)).toEqual([root.id, root.id, root.id]);
});

test("a subtree that moves has its new root in all its members, and the feed tells of each", async () => {
  const [one, other] = [await placement.newProvider(), await placement.newProvider()];
  const child = await placement.newProvider({ VGPU: {} }, one.id);
  const leaves = [await placement.newProvider({}, child.id), await placement.newProvider({}, child.id)];
  const lowest = await placement.newProvider({}, leaves[0]?.id ?? "");
  const { sequence } = await placement.call.changes(placement.context, { after: 0, limit: 1000 });

  expect(value(await move(child, other.id))).toMatchObject({ parentId: other.id, rootId: other.id });
  const changes = await told(sequence);
  for (const member of [child, ...leaves, lowest]) {
    expect(changes.get(member.id)).toMatchObject({ rootId: other.id, generation: member.generation + 1 });
  }
  expect(value(await move(child, null))).toMatchObject({ parentId: null, rootId: child.id });
  expect(await placement.now(lowest.id)).toMatchObject({ rootId: child.id, parentId: leaves[0]?.id });
  expect(await placement.now(one.id)).toMatchObject({ rootId: one.id, generation: one.generation });
});

test("providers that are put below one another at the same time make no circle", async () => {
  const [one, other] = [await placement.newProvider({}), await placement.newProvider({})];
  const outcomes = await Promise.all([move(one, other.id), move(other, one.id)]);
  expect(outcomes.map(({ ok }) => ok).toSorted()).toEqual([false, true]);
  const [first, second] = [await placement.now(one.id), await placement.now(other.id)];
  expect(first.rootId).toBe(second.rootId);
});

test("moves, claims and deletions at the same time wait for one another, and none for ever", async () => {
  const roots = [
    await placement.newProvider({ VCPU: { total: 1000 } }),
    await placement.newProvider({ VCPU: { total: 1000 } }),
  ];
  const children = await Promise.all(
    Array.from({ length: 4 }, (_, each) => placement.newProvider({ VGPU: { total: 1000 } }, roots[each % 2]?.id)),
  );
  const takes = () =>
    [...roots, ...children].map(({ id, inventories }) => ({
      providerId: id,
      resources: { [Object.keys(inventories)[0] ?? ""]: 1 },
    }));
  const work = Array.from({ length: 8 }, async (_, client) => {
    for (let round = 0; round < 10; round++) {
      const child = children[(client + round) % children.length];
      if (client < 2 && child) value(await move(child, roots[round % 2]?.id ?? null));
      else {
        const claim = { consumerId: randomUUID(), fence: 1, projectId: "p", userId: "u", allocations: takes() };
        value(await placement.claim(claim));
      }
    }
  });
  await Promise.all(work);
  for (const child of children) {
    const now = await placement.now(child.id);
    expect(now).toMatchObject({ rootId: now.parentId, used: { VGPU: 60 } });
  }
});
