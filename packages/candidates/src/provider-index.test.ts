import type { Inventory, Provider } from "@kilonova/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lacksOf } from "./lack.js";
import { ProviderIndex } from "./provider-index.js";
import type { ResourceRequest } from "./resource-request.js";
import { withTaken } from "./taken.js";

const unit: Inventory = { total: 0, reserved: 0, minUnit: 1, maxUnit: 1_000_000, stepSize: 1, allocationRatio: 1 };

function provider(changes: Partial<Provider> = {}): Provider {
  return {
    id: "p1",
    name: "host1",
    parentId: null,
    generation: 0,
    inventories: { VCPU: { ...unit, total: 8 }, MEMORY_MB: { ...unit, total: 4096 } },
    used: {},
    consumers: 0,
    traits: [],
    ...changes,
  };
}

function asks(resources: Record<string, number>, traits: Partial<ResourceRequest> = {}): ResourceRequest {
  return { resources, requiredTraits: [], forbiddenTraits: [], ...traits };
}

function idsFor(request: ResourceRequest, ...providers: Provider[]): string[] {
  const index = new ProviderIndex();
  for (const each of providers) index.set(each);
  return index.candidates(request).map(({ root }) => root.id);
}

describe("a provider has room", () => {
  const ofVcpu = (changes: Partial<Inventory>, used = 0) =>
    provider({ inventories: { VCPU: { ...unit, total: 8, ...changes } }, used: { VCPU: used } });

  test.each([
    ["for the last that is free", ofVcpu({}, 6), 2, true],
    ["not for one more than is free", ofVcpu({}, 6), 3, false],
    ["up to total x ratio", ofVcpu({ allocationRatio: 2 }, 14), 2, true],
    ["not beyond total x ratio", ofVcpu({ allocationRatio: 2 }, 15), 2, false],
    ["with the ratio over what is not reserved", ofVcpu({ reserved: 6, allocationRatio: 2 }), 4, true],
    ["not for what is reserved", ofVcpu({ reserved: 6, allocationRatio: 2 }), 5, false],
    ["for no part of a unit above the ratio's whole", ofVcpu({ total: 3, allocationRatio: 1.5 }, 4), 1, false],
    ["not where more is reserved than there is", ofVcpu({ reserved: 9 }), 1, false],
    ["not where more is taken than there is", ofVcpu({}, 9), 1, false],
    ["not below the least unit", ofVcpu({ minUnit: 2 }), 1, false],
    ["not above the largest unit", ofVcpu({ maxUnit: 4 }), 5, false],
    ["not between steps", ofVcpu({ stepSize: 2 }), 3, false],
    ["on a step", ofVcpu({ stepSize: 2 }), 4, true],
  ])("%s", (_rule, host, amount, fits) => {
    expect(idsFor(asks({ VCPU: amount }), host)).toEqual(fits ? ["p1"] : []);
  });

  test("for each class at once, and for one that nobody has there is none", () => {
    expect(idsFor(asks({ VCPU: 8, MEMORY_MB: 4096 }), provider())).toEqual(["p1"]);
    expect(idsFor(asks({ VCPU: 8, MEMORY_MB: 4097 }), provider())).toEqual([]);
    expect(idsFor(asks({ CUSTOM_TAPE: 1 }), provider())).toEqual([]);
    expect(idsFor(asks({ constructor: 1 }), provider())).toEqual([]);
  });

  test("with all required traits and none of the forbidden", () => {
    const host = provider({ traits: ["HW_AVX", "CUSTOM_FAST"] });
    const needs = (requiredTraits: string[], forbiddenTraits: string[]) =>
      idsFor(asks({ VCPU: 1 }, { requiredTraits, forbiddenTraits }), host).length === 1;
    expect(needs(["HW_AVX", "CUSTOM_FAST"], [])).toBe(true);
    expect(needs(["HW_AVX", "CUSTOM_SLOW"], [])).toBe(false);
    expect(needs([], ["CUSTOM_SLOW"])).toBe(true);
    expect(needs(["HW_AVX"], ["CUSTOM_FAST"])).toBe(false);
  });

  test("for a request for nothing, of which it takes nothing", () => {
    const index = new ProviderIndex();
    index.set(provider({ inventories: {} }));
    expect(index.candidates(asks({}))).toMatchObject([{ allocations: [] }]);
  });
});

test("all that is lacking is told, in the request's order", () => {
  const host = provider({ inventories: { VCPU: { ...unit, total: 8, stepSize: 2 } }, traits: ["HW_OLD"] });
  const request = asks({ MEMORY_MB: 1, VCPU: 3 }, { requiredTraits: ["HW_AVX"], forbiddenTraits: ["HW_OLD"] });
  expect(lacksOf(host, request)).toEqual([
    { kind: "resource", resourceClass: "MEMORY_MB", amount: 1 },
    { kind: "unit", resourceClass: "VCPU", amount: 3 },
    { kind: "required-trait", trait: "HW_AVX" },
    { kind: "forbidden-trait", trait: "HW_OLD" },
  ]);
});

test("only roots are candidates, and what is taken is taken from them", () => {
  const index = new ProviderIndex();
  index.set(provider());
  index.set(provider({ id: "p2", parentId: "p1" }));
  expect(index.candidates(asks({ VCPU: 2 }))).toMatchObject([
    { root: { id: "p1" }, allocations: [{ providerId: "p1", resources: { VCPU: 2 } }] },
  ]);
});

describe("the index", () => {
  const classes = ["VCPU", "MEMORY_MB", "CUSTOM_X"];
  const traits = ["A", "B", "C"];
  const id = fc.constantFrom("p1", "p2", "p3", "p4", "p5");
  const amounts = fc.dictionary(fc.constantFrom(...classes), fc.integer({ min: 1, max: 40 }), {
    noNullPrototype: true,
  });
  const inventory = fc.record({
    total: fc.integer({ min: 0, max: 40 }),
    reserved: fc.integer({ min: 0, max: 5 }),
    minUnit: fc.integer({ min: 1, max: 3 }),
    maxUnit: fc.integer({ min: 3, max: 40 }),
    stepSize: fc.integer({ min: 1, max: 3 }),
    allocationRatio: fc.constantFrom(0.5, 1, 1.1, 16),
  });
  const set = fc.record({
    kind: fc.constant("set" as const),
    id,
    inventories: fc.dictionary(fc.constantFrom(...classes), inventory, { noNullPrototype: true }),
    used: amounts,
    traits: fc.subarray(traits),
  });
  const take = fc.record({ kind: fc.constant("take" as const), id, resources: amounts });
  const remove = fc.record({ kind: fc.constant("remove" as const), id });
  const request = fc.record({
    resources: amounts,
    requiredTraits: fc.subarray(traits),
    forbiddenTraits: fc.subarray(traits),
  });

  test("answers after any changes as a look at every provider does", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(set, take, remove), { maxLength: 30 }), request, (changes, asked) => {
        const index = new ProviderIndex();
        const model = new Map<string, Provider>();
        for (const change of changes) {
          const known = model.get(change.id);
          if (change.kind === "remove") {
            index.delete(change.id);
            model.delete(change.id);
          } else if (change.kind === "set" || known) {
            const now = change.kind === "set" ? provider(change) : withTaken(known ?? provider(), change.resources);
            index.set(now);
            model.set(change.id, now);
          }
        }
        const expected = [...model.values()].filter((each) => naive(each, asked)).map((each) => each.id);
        expect(
          index
            .candidates(asked)
            .map(({ root }) => root.id)
            .sort(),
        ).toEqual(expected.sort());
        for (const each of model.values()) expect(lacksOf(each, asked).length === 0).toBe(naive(each, asked));
      }),
      { numRuns: 500 },
    );
  });

  /** The rule as it is written down, with nothing of the engine's. */
  function naive(host: Provider, asked: ResourceRequest): boolean {
    const fits = Object.entries(asked.resources).every(([name, amount]) => {
      const has = host.inventories[name];
      if (!has) return false;
      const room = (has.total - has.reserved) * has.allocationRatio >= (host.used[name] ?? 0) + amount;
      return room && amount >= has.minUnit && amount <= has.maxUnit && amount % has.stepSize === 0;
    });
    const traitsOk = asked.requiredTraits.every((trait) => host.traits.includes(trait));
    return fits && traitsOk && !asked.forbiddenTraits.some((trait) => host.traits.includes(trait));
  }
});
