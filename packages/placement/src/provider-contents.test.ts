import type { Inventory } from "@kilonova/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimOf, eight, PlacementScene, value } from "./testing/placement-scene.js";

let placement: PlacementScene;
beforeAll(async () => {
  placement = await PlacementScene.start();
});
afterAll(() => placement.stop());

const setTraits = (providerId: string, generation: number, traits: string[]) =>
  placement.call.setTraits(placement.context, { providerId, generation, traits });
const setAggregates = (providerId: string, generation: number, aggregates: string[]) =>
  placement.call.setAggregates(placement.context, { providerId, generation, aggregates });

describe.each([
  ["traits", setTraits, ["CUSTOM_A", "HW_CPU_X86_AVX2"], ["CUSTOM_B", "HW_CPU_X86_AVX2"]],
  ["aggregates", setAggregates, ["agg-a", "agg-b"], ["agg-b", "agg-c"]],
] as const)("%s", (kind, set, some, others) => {
  test("are replaced as a whole, in any order and however often each is named; an equal set changes nothing", async () => {
    const { id, generation } = await placement.newProvider();
    const first = value(await set(id, generation, [...some, ...some].reverse()));
    expect(first).toMatchObject({ [kind]: some, generation: generation + 1 });
    expect(value(await set(id, first.generation, [...some]))).toEqual(first);
    const second = value(await set(id, first.generation, [...others]));
    expect(second).toMatchObject({ [kind]: others, generation: first.generation + 1 });
    expect(await placement.now(id)).toEqual(second);
    expect(value(await set(id, second.generation, []))).toMatchObject({ [kind]: [] });
  });

  test("are changed under the generation that was read, on a provider that is there", async () => {
    const { id, generation } = await placement.newProvider();
    expect(await set(id, generation - 1, [...some])).toEqual({
      ok: false,
      refusal: "generationConflict",
      details: { providerId: id, generation },
    });
    expect(await set("nobody", 0, [...some])).toMatchObject({ refusal: "providerNotFound" });
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => set(id, generation, [...some])));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test("are told by the feed, once, and forgotten with their provider", async () => {
    const { id, name, generation } = await placement.newProvider();
    const { sequence } = await placement.call.changes(placement.context, { after: 0, limit: 1000 });
    await set(id, generation, [...some]);
    const { providers } = await placement.call.changes(placement.context, { after: sequence, limit: 1000 });
    expect(providers.find((provider) => provider.id === id)).toMatchObject({ [kind]: some });
    await placement.call.deleteProvider(placement.context, { providerId: id });
    const again = await placement.call.ensureProvider(placement.context, { id, name, parentId: null });
    expect(value(again)).toMatchObject({ traits: [], aggregates: [] });
  });
});

test.each<[string, boolean]>([
  ["CUSTOM_GOLD_2", true],
  ["COMPUTE_STATUS_DISABLED", true],
  ["HW_CPU_X86_AVX2", true],
  ["STORAGE_DISK_SSD", true],
  ["MISC_SHARES_VIA_AGGREGATE", true],
  ["OWNER_NOVA", true],
  ["CUSTOM_", false],
  ["CUSTOM_gold", false],
  ["HW_CPU-AVX", false],
  ["GOLD", false],
  ["hw_cpu", false],
  ["MY_HW_CPU", false],
  ["HW_CPU\n", false],
  ["", false],
])("a trait named %j is taken: %s", async (trait, isGood) => {
  const { id, generation } = await placement.newProvider();
  const outcome = await setTraits(id, generation, ["CUSTOM_GOOD", trait]);
  expect(outcome).toMatchObject(isGood ? { ok: true } : { refusal: "badTrait", details: { trait } });
  if (!isGood) expect(await placement.now(id)).toMatchObject({ traits: [], generation });
});

describe("inventories", () => {
  const set = (providerId: string, generation: number, resourceClass: string, inventory: Partial<Inventory> = {}) =>
    placement.call.setInventories(placement.context, {
      providerId,
      generation,
      inventories: { [resourceClass]: { ...eight, ...inventory } },
    });

  test.each<[string, boolean]>([
    ["PCPU", true],
    ["NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC", true],
    ["CUSTOM_GPU_A100", true],
    ["CUSTOM_", false],
    ["CUSTOM_gpu", false],
    [`CUSTOM_${"A".repeat(250)}`, false],
    ["GPU", false],
    ["vcpu", false],
    ["", false],
  ])("of the resource class %j are taken: %s", async (resourceClass, isGood) => {
    const { id, generation } = await placement.newProvider({});
    const outcome = await set(id, generation, resourceClass);
    expect(outcome).toMatchObject(isGood ? { ok: true } : { refusal: "badResourceClass", details: { resourceClass } });
  });

  test.each<[Partial<Inventory>, string | undefined]>([
    [{ reserved: 8 }, undefined],
    [{ total: 0 }, undefined],
    [{ minUnit: 4, maxUnit: 4 }, undefined],
    [{ reserved: 9 }, "reserved 9 is more than total 8"],
    [{ minUnit: 5, maxUnit: 4 }, "maxUnit 4 is less than minUnit 5"],
  ])("%j are refused for: %s", async (inventory, problem) => {
    const { id, generation } = await placement.newProvider({});
    const outcome = await set(id, generation, "VCPU", inventory);
    if (problem === undefined) expect(outcome).toMatchObject({ ok: true });
    else expect(outcome).toMatchObject({ refusal: "badInventory", details: { resourceClass: "VCPU", problem } });
  });

  test("made smaller than what is used give nothing more until there is room again", async () => {
    const { id } = await placement.newProvider({ VCPU: { total: 4 } });
    value(await placement.claim(claimOf("holder", 1, { [id]: { VCPU: 4 } })));
    value(await set(id, (await placement.now(id)).generation, "VCPU", { total: 2 }));
    expect(await placement.claim(claimOf("other", 1, { [id]: { VCPU: 1 } }))).toMatchObject({ refusal: "noCapacity" });
    value(await placement.claim(claimOf("holder", 1, { [id]: { VCPU: 1 } })));
    value(await placement.claim(claimOf("other", 1, { [id]: { VCPU: 1 } })));
  });
});
