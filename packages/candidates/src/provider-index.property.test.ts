import type { Provider, ResourceRequest } from "@kilonova/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Candidate } from "./candidate.js";
import { ProviderIndex } from "./provider-index.js";
import { withTaken } from "./taken.js";
import { SHARES } from "./testing/providers.js";
import { referenceCandidates } from "./testing/reference.js";

const classes = ["VCPU", "DISK_GB", "CUSTOM_X"];
const traits = ["A", "B", SHARES];
const aggregates = ["agg1", "agg2"];
/** `root/below/below`: where an id says it is, it is. */
const ids = ["r1", "r1/a", "r1/a/x", "r1/b", "r2", "r2/a", "r3", "r4"];

const inventory = fc.record({
  total: fc.integer({ min: 1, max: 12 }),
  reserved: fc.constantFrom(0, 0, 1),
  minUnit: fc.constantFrom(1, 1, 1, 1, 2),
  maxUnit: fc.constantFrom(2, 6, 40),
  stepSize: fc.constantFrom(1, 1, 1, 1, 2),
  allocationRatio: fc.constantFrom(0.5, 1, 1, 1.1, 4),
});
const amounts = (most: number, maxKeys = classes.length) =>
  fc.dictionary(fc.constantFrom(...classes), fc.integer({ min: 1, max: most }), { noNullPrototype: true, maxKeys });
const provider = fc
  .record({
    id: fc.constantFrom(...ids),
    inventories: fc.dictionary(fc.constantFrom(...classes), inventory, { noNullPrototype: true, minKeys: 1 }),
    used: amounts(3),
    traits: fc.subarray(traits),
    aggregates: fc.subarray(aggregates),
  })
  .map(
    (each): Provider => ({
      ...each,
      name: each.id,
      parentId: each.id.includes("/") ? each.id.slice(0, each.id.lastIndexOf("/")) : null,
      rootId: each.id.split("/")[0] ?? "",
      generation: 0,
      consumers: 0,
    }),
  );
const cloud = fc.uniqueArray(provider, { minLength: 3, maxLength: ids.length, selector: ({ id }) => id });

const rarely = <Value>(each: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 7, arbitrary: fc.constant<Value[]>([]) }, fc.array(each, { maxLength: 2 }));
const group = (suffix: string) =>
  fc.record({
    suffix: fc.constant(suffix),
    resources: amounts(2, suffix === "" ? 3 : 1),
    required: rarely(fc.subarray(traits, { minLength: 1 })),
    forbidden: rarely(fc.constantFrom(...traits)),
    memberOf: rarely(fc.subarray(aggregates)),
    notMemberOf: rarely(fc.constantFrom(...aggregates)),
    inTree: fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, fc.constantFrom(...ids)),
  });
const wide = {
  groupPolicy: fc.constantFrom("none" as const, "isolate" as const, null),
  rootRequired: rarely(fc.constantFrom(...traits)),
  rootForbidden: rarely(fc.constantFrom(...traits)),
};
const flat = fc.record({ ...wide, groups: fc.tuple(group("")), sameSubtree: fc.constant<string[][]>([]) });
const granular = fc.record({
  ...wide,
  groups: fc.oneof(
    fc.tuple(group("_1")),
    fc.tuple(group(""), group("_1")),
    fc.tuple(group("_1"), group("_2"), group("_3")),
    fc.constant<never[]>([]),
  ),
  sameSubtree: fc.oneof(
    fc.constant<string[][]>([]),
    fc.tuple(fc.subarray(["_1", "_2", "_3"], { minLength: 2 })),
    fc.array(fc.subarray(["", "_1", "_2", "_3"]), { maxLength: 2 }),
  ),
});
const request: fc.Arbitrary<ResourceRequest> = fc.oneof(flat, granular);

describe("against the rules as they are written down", () => {
  test("just the valid candidates are found, and what has none says why", () => {
    fc.assert(
      fc.property(cloud, request, (providers, asked) => {
        const index = indexOf(providers);
        const compiled = index.compile(asked);
        const served: number[] = [];
        for (let slot = 0; slot < index.slots; slot++) {
          const rootId = index.rootAt(slot)?.id ?? "";
          const expected = referenceCandidates(providers, asked, rootId).map(keyOf);
          expect(index.candidatesAt(slot, compiled).map(keyOf).sort()).toEqual(expected.sort());
          expect(index.hasRoom(slot, compiled)).toBe(expected.length > 0);
          expect(index.lacks(slot, compiled).length === 0).toBe(expected.length > 0);
          if (expected.length > 0) served.push(slot);
        }
        expect(index.matching(compiled)).toEqual(served);
        const some = [...index.values()].flatMap(({ id }) => index.slotOf(id) ?? []).slice(1);
        expect(index.matching(compiled, some)).toEqual(served.filter((slot) => some.includes(slot)));
      }),
      { numRuns: 500 },
    );
  });

  test("what a request imagines counts as if the index held it", () => {
    fc.assert(
      fc.property(cloud, request, fc.array(amounts(3), { maxLength: 4 }), (providers, asked, takings) => {
        const index = indexOf(providers);
        const compiled = index.compile(asked);
        const imagined = new Map(
          takings.flatMap((taken, at) => {
            const each = providers[at];
            return each ? [[each.id, withTaken(each, taken)] as const] : [];
          }),
        );
        const now = indexOf(providers.map((each) => imagined.get(each.id) ?? each));
        for (let slot = 0; slot < index.slots; slot++) {
          expect(index.hasRoom(slot, compiled, imagined)).toBe(now.hasRoom(slot, compiled));
          expect(index.lacks(slot, compiled, imagined)).toEqual(now.lacks(slot, compiled));
          expect(index.candidatesAt(slot, compiled, { overrides: imagined })).toEqual(now.candidatesAt(slot, compiled));
        }
      }),
      { numRuns: 300 },
    );
  });
});

test("after any changes in any order the index is as one that never knew anything else", () => {
  const change = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("set" as const), provider }) },
    fc.record({ kind: fc.constant("take" as const), id: fc.constantFrom(...ids), resources: amounts(3) }),
    fc.record({ kind: fc.constant("delete" as const), id: fc.constantFrom(...ids) }),
  );
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 40 }),
      fc.array(request, { minLength: 1, maxLength: 3 }),
      (changes, asked) => {
        const index = new ProviderIndex();
        const compiled = asked.map((each) => index.compile(each));
        const model = new Map<string, Provider>();
        for (const each of changes) {
          // What is kept of a look must not outlive the next change.
          for (const id of ids) index.tree(id);
          if (each.kind === "delete") {
            index.delete(each.id);
            model.delete(each.id);
            continue;
          }
          const known = each.kind === "take" ? model.get(each.id) : undefined;
          const now = each.kind === "set" ? each.provider : known && withTaken(known, each.resources);
          if (!now) continue;
          index.set(now);
          model.set(now.id, now);
        }
        const fresh = indexOf([...model.values()]);
        expect(index.size).toBe(model.size);
        expect([...index.values()].map(({ id }) => id).sort()).toEqual([...model.keys()].sort());
        const rootsOf = (of: ProviderIndex, slots: Iterable<number>) =>
          [...slots].map((slot) => of.rootAt(slot)?.id).sort();
        for (const id of ids) {
          expect(index.tree(id)).toEqual(fresh.tree(id));
          expect(index.slotOf(id) === undefined).toBe(fresh.slotOf(id) === undefined);
        }
        for (const trait of traits) {
          expect(rootsOf(index, index.slotsWithTrait(trait))).toEqual(rootsOf(fresh, fresh.slotsWithTrait(trait)));
        }
        for (const name of aggregates) {
          expect(rootsOf(index, index.slotsInAggregate(name))).toEqual(rootsOf(fresh, fresh.slotsInAggregate(name)));
        }
        for (const each of compiled) {
          expect(rootsOf(index, index.matching(each))).toEqual(rootsOf(fresh, fresh.matching(each)));
          for (const id of ids) {
            const [slot, freshSlot] = [index.slotOf(id), fresh.slotOf(id)];
            if (slot === undefined || freshSlot === undefined) continue;
            expect(index.candidatesAt(slot, each)).toEqual(fresh.candidatesAt(freshSlot, each));
            expect(index.lacks(slot, each)).toEqual(fresh.lacks(freshSlot, each));
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

function indexOf(providers: readonly Provider[]): ProviderIndex {
  const index = new ProviderIndex();
  for (const each of providers) index.set(each);
  return index;
}

/** The same text for candidates that differ in nothing but order. */
function keyOf({ rootId, allocations, mappings }: Candidate): string {
  const sorted = (record: Readonly<Record<string, unknown>>) =>
    Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    rootId,
    allocations.map(({ providerId, resources }) => [providerId, sorted(resources)]).sort(),
    sorted(Object.fromEntries(Object.entries(mappings).map(([suffix, ids]) => [suffix, [...ids].sort()]))),
  ]);
}
