import type { Inventory, Provider, RequestGroup, ResourceRequest } from "@kilonova/contracts";
import { describe, expect, test } from "vitest";
import { flatRequest } from "./compiled-request.js";
import { ProviderIndex } from "./provider-index.js";
import { withTaken } from "./taken.js";
import { child, group, inventory, provider, request, SHARES } from "./testing/providers.js";

function indexOf(...providers: readonly Provider[]): ProviderIndex {
  const index = new ProviderIndex();
  for (const each of providers) index.set(each);
  return index;
}

/** Each candidate of a tree as `provider: what it gives; …`. */
function waysAt(rootId: string, providers: readonly Provider[], asked: ResourceRequest): string[] {
  const index = indexOf(...providers);
  const slot = index.slotOf(rootId) ?? -1;
  return index
    .candidatesAt(slot, index.compile(asked))
    .map(({ allocations }) =>
      allocations.map(({ providerId, resources }) => `${providerId}: ${Object.keys(resources)}`).join("; "),
    )
    .sort();
}

function servedRoots(providers: readonly Provider[], asked: ResourceRequest): string[] {
  const index = indexOf(...providers);
  return index.matching(index.compile(asked)).flatMap((slot) => index.rootAt(slot)?.id ?? []);
}

describe("a provider has room", () => {
  const ofVcpu = (changes: Partial<Inventory>, used = 0) =>
    provider("h", { VCPU: inventory(8, changes) }, { used: { VCPU: used } });

  test.each<[string, Provider, number, boolean]>([
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
    expect(servedRoots([host], flatRequest({ VCPU: amount }))).toEqual(fits ? ["h"] : []);
  });

  test("for all classes at once, and for one that nobody has there is none", () => {
    const host = provider("h", { VCPU: 8, MEMORY_MB: 4096 });
    expect(servedRoots([host], flatRequest({ VCPU: 8, MEMORY_MB: 4096 }))).toEqual(["h"]);
    expect(servedRoots([host], flatRequest({ VCPU: 8, MEMORY_MB: 4097 }))).toEqual([]);
    expect(servedRoots([host], flatRequest({ CUSTOM_TAPE: 1 }))).toEqual([]);
    expect(servedRoots([host], flatRequest({ constructor: 1 }))).toEqual([]);
  });

  test("for nothing, of which it takes nothing", () => {
    expect(waysAt("h", [provider("h")], flatRequest({}))).toEqual([""]);
    expect(waysAt("h", [provider("h")], flatRequest({ VCPU: 0 }))).toEqual([""]);
    expect(waysAt("h", [provider("h")], request([]))).toEqual([""]);
  });
});

describe("what a group asks of its providers", () => {
  const host = provider("h", { VCPU: 8 }, { traits: ["A", "B"], aggregates: ["agg1", "agg2"] });

  test.each<[string, Partial<RequestGroup>, boolean]>([
    ["all required lists", { required: [["A"], ["B"]] }, true],
    ["of each list one", { required: [["C", "B"]] }, true],
    ["but not a list of which it has none", { required: [["A"], ["C"]] }, false],
    ["no forbidden trait", { forbidden: ["C"] }, true],
    ["not one of them", { forbidden: ["C", "B"] }, false],
    ["of each list of aggregates one", { memberOf: [["agg3", "agg1"], ["agg2"]] }, true],
    ["not a list of which it is in none", { memberOf: [["agg1"], ["agg3"]] }, false],
    ["not any of no aggregates", { memberOf: [[]] }, false],
    ["no aggregate that is forbidden", { notMemberOf: ["agg3"] }, true],
    ["not one of these", { notMemberOf: ["agg3", "agg2"] }, false],
    ["its tree", { inTree: "h" }, true],
    ["not another", { inTree: "other" }, false],
    ["not one that is not known", { inTree: "gone" }, false],
  ])("%s", (_rule, asks, fits) => {
    for (const suffix of ["", "_1"]) {
      const asked = request([group(suffix, { VCPU: 1 }, asks)]);
      expect(servedRoots([host, provider("other")], asked)).toEqual(fits ? ["h"] : []);
    }
  });

  test("and what the request asks of the root", () => {
    const numa = child("numa", "h", { MEMORY_MB: 8 }, { traits: ["N"] });
    const fits = (changes: Partial<ResourceRequest>) =>
      servedRoots([host, numa], request([group("_1", { MEMORY_MB: 1 })], changes)).length === 1;
    expect(fits({ rootRequired: ["A", "B"] })).toBe(true);
    expect(fits({ rootRequired: ["N"] })).toBe(false);
    expect(fits({ rootForbidden: ["N"] })).toBe(true);
    expect(fits({ rootForbidden: ["A"] })).toBe(false);
  });
});

describe("a group without a suffix", () => {
  const tree = [
    provider("h", { DISK_GB: 10 }, { aggregates: ["agg1"] }),
    child("n0", "h", { VCPU: 4, MEMORY_MB: 4 }, { traits: ["A"] }),
    child("n1", "h", { VCPU: 4, MEMORY_MB: 4 }, { traits: ["B"], aggregates: ["agg2"] }),
  ];

  test.each<[string, RequestGroup, string[]]>([
    [
      "may be spread over the tree",
      group("", { VCPU: 1, DISK_GB: 1 }),
      ["h: DISK_GB; n0: VCPU", "h: DISK_GB; n1: VCPU"],
    ],
    [
      "in all ways that there are",
      group("", { VCPU: 1, MEMORY_MB: 1 }),
      ["n0: MEMORY_MB; n1: VCPU", "n0: VCPU,MEMORY_MB", "n0: VCPU; n1: MEMORY_MB", "n1: VCPU,MEMORY_MB"],
    ],
    ["has no resource from two", group("", { VCPU: 5 }), []],
    [
      "has the required traits of all its providers together",
      group("", { VCPU: 1, MEMORY_MB: 1 }, { required: [["A"], ["B"]] }),
      ["n0: MEMORY_MB; n1: VCPU", "n0: VCPU; n1: MEMORY_MB"],
    ],
    ["but not of those that it does not use", group("", { DISK_GB: 1 }, { required: [["A"]] }), []],
    ["uses none with a forbidden trait", group("", { VCPU: 1 }, { forbidden: ["A"] }), ["n1: VCPU"]],
    [
      "takes the root's aggregates for the tree's",
      group("", { VCPU: 1 }, { memberOf: [["agg1"]] }),
      ["n0: VCPU", "n1: VCPU"],
    ],
    ["but not those of one below it", group("", { VCPU: 1, DISK_GB: 1 }, { memberOf: [["agg2"]] }), []],
    ["forbids with the root's aggregates the tree", group("", { VCPU: 1 }, { notMemberOf: ["agg1"] }), []],
    ["and with those of one below it but this", group("", { VCPU: 1 }, { notMemberOf: ["agg2"] }), ["n0: VCPU"]],
    ["knows its tree by any provider", group("", { VCPU: 1 }, { inTree: "n0" }), ["n0: VCPU", "n1: VCPU"]],
  ])("%s", (_rule, asked, ways) => {
    expect(waysAt("h", tree, request([asked]))).toEqual(ways);
  });
});

describe("a group with a suffix", () => {
  const tree = [
    provider("h", { VCPU: 8 }, { aggregates: ["agg1"] }),
    child("p0", "h", { VF: 2, BW: 10 }, { traits: ["A"] }),
    child("p1", "h", { VF: 1, BW: 5 }, { traits: ["B"] }),
  ];
  const two = [group("_1", { VF: 1 }), group("_2", { VF: 1 })];

  test.each<[string, ResourceRequest, string[]]>([
    ["comes from one provider", request([group("_1", { VF: 1, BW: 6 })]), ["p0: VF,BW"]],
    ["with all that is required of it", request([group("_1", { VF: 1 }, { required: [["B"]] })]), ["p1: VF"]],
    ["not from two together", request([group("_1", { VF: 2 }, { required: [["B"]] })]), []],
    ["does not have the root's aggregates", request([group("_1", { VF: 1 }, { memberOf: [["agg1"]] })]), []],
    [
      "shares one with others where nothing is said against it, as long as there is enough",
      request(two, { groupPolicy: "none" }),
      ["p0: VF", "p0: VF; p1: VF", "p0: VF; p1: VF"],
    ],
    [
      "has its own where groups are isolated",
      request(two, { groupPolicy: "isolate" }),
      ["p0: VF; p1: VF", "p0: VF; p1: VF"],
    ],
    [
      "is isolated from other groups with a suffix alone",
      request([group("", { BW: 8 }), group("_1", { VF: 2 })], { groupPolicy: "isolate" }),
      ["p0: BW,VF"],
    ],
    [
      "adds up with what may be spread",
      request([group("", { VF: 2 }), group("_1", { VF: 1 })], { groupPolicy: "none" }),
      ["p0: VF; p1: VF"],
    ],
  ])("%s", (_rule, asked, ways) => {
    expect(waysAt("h", tree, asked)).toEqual(ways);
  });

  test("keeps the largest unit with all groups together", () => {
    const host = provider("h", { VF: inventory(8, { maxUnit: 2 }) });
    const of = (amount: number) =>
      request([group("_1", { VF: 1 }), group("_2", { VF: amount })], { groupPolicy: "none" });
    expect(servedRoots([host], of(1))).toEqual(["h"]);
    expect(servedRoots([host], of(2))).toEqual([]);
  });

  test("is mapped to its provider, though what is taken is told in one sum", () => {
    const index = indexOf(provider("h", { VCPU: 8 }));
    const asked = index.compile(request([group("", { VCPU: 1 }), group("_1", { VCPU: 2 })], { groupPolicy: "none" }));
    expect(index.candidatesAt(0, asked)).toEqual([
      {
        rootId: "h",
        allocations: [{ providerId: "h", resources: { VCPU: 3 } }],
        mappings: { "": ["h"], _1: ["h"] },
      },
    ]);
  });
});

describe("groups of one subtree", () => {
  const tree = [
    provider("h"),
    child("n0", "h", { VCPU: 4 }, { traits: ["NUMA"] }),
    child("n1", "h", { VCPU: 4 }, { traits: ["NUMA"] }),
    child("f0", "h", { FPGA: 1 }, { parentId: "n0", traits: ["T1"] }),
    child("f1", "h", { FPGA: 1 }, { parentId: "n1", traits: ["T1"] }),
    child("f2", "h", { FPGA: 1 }, { parentId: "n1", traits: ["T2"] }),
  ];

  test("have one provider that is above the others", () => {
    const asked = request([group("_C", { VCPU: 1 }), group("_F", { FPGA: 1 })], { sameSubtree: [["_C", "_F"]] });
    expect(waysAt("h", tree, asked)).toEqual(["f0: FPGA; n0: VCPU", "f1: FPGA; n1: VCPU", "f2: FPGA; n1: VCPU"]);
  });

  test("may be held together by a group without resources, which is mapped and takes nothing", () => {
    const index = indexOf(...tree);
    const asked = index.compile(
      request(
        [
          group("_N", {}, { required: [["NUMA"]] }),
          group("_1", { FPGA: 1 }, { required: [["T1"]] }),
          group("_2", { FPGA: 1 }, { required: [["T2"]] }),
        ],
        { groupPolicy: "none", sameSubtree: [["_N", "_1", "_2"]] },
      ),
    );
    expect(index.candidatesAt(0, asked)).toEqual([
      {
        rootId: "h",
        allocations: [
          { providerId: "f1", resources: { FPGA: 1 } },
          { providerId: "f2", resources: { FPGA: 1 } },
        ],
        mappings: { _N: ["n1"], _1: ["f1"], _2: ["f2"] },
      },
    ]);
  });

  test("are not held together by one that none of them uses", () => {
    const asked = request(
      [group("_1", { FPGA: 1 }, { required: [["T1"]] }), group("_2", { FPGA: 1 }, { required: [["T2"]] })],
      { groupPolicy: "none", sameSubtree: [["_1", "_2"]] },
    );
    expect(servedRoots(tree, asked)).toEqual([]);
  });
});

describe("a provider that shares", () => {
  const store = provider("s", { DISK_GB: 100 }, { traits: [SHARES, "SSD"], aggregates: ["agg1", "agg9"] });
  const near = provider("near", { VCPU: 8 }, { aggregates: ["agg1"] });
  const far = provider("far", { VCPU: 8 }, { aggregates: ["agg2"] });
  const all = [near, far, store];
  const asked = group("", { VCPU: 1, DISK_GB: 1 });

  test("serves the trees in its aggregates, by any provider of theirs", () => {
    expect(servedRoots(all, request([asked]))).toEqual(["near"]);
    const below = child("n0", "far", {}, { aggregates: ["agg9"] });
    expect(servedRoots([...all, below], request([asked]))).toEqual(["near", "far"]);
  });

  test("shares nothing without the trait", () => {
    expect(servedRoots([near, { ...store, traits: [] }], request([asked]))).toEqual([]);
  });

  test.each<[string, ResourceRequest, string[]]>([
    ["gives its traits to the group", request([{ ...asked, required: [["SSD"]] }]), ["near: VCPU; s: DISK_GB"]],
    ["is not used where a trait of its is forbidden", request([{ ...asked, forbidden: ["SSD"] }]), []],
    ["has to be in the aggregates itself", request([{ ...asked, memberOf: [["agg1"]] }]), ["near: VCPU; s: DISK_GB"]],
    ["serves a group with a suffix", request([group("_1", { DISK_GB: 1 })]), ["s: DISK_GB"]],
    ["is no part of the tree", request([{ ...asked, inTree: "near" }]), []],
    [
      "can be asked for by its own tree",
      request([group("", { VCPU: 1 }), group("_1", { DISK_GB: 1 }, { inTree: "s" })]),
      ["near: VCPU; s: DISK_GB"],
    ],
    [
      "is not asked what is asked of the root",
      request([asked], { rootForbidden: ["SSD"] }),
      ["near: VCPU; s: DISK_GB"],
    ],
  ])("%s", (_rule, of, ways) => {
    expect(waysAt("near", all, of)).toEqual(ways);
  });

  test("is not used by a tree whose root alone is in an aggregate that is asked for", () => {
    const both = provider("near", { VCPU: 8 }, { aggregates: ["agg1", "agg3"] });
    expect(servedRoots([both, store], request([{ ...asked, memberOf: [["agg3"]] }]))).toEqual([]);
  });

  test("is a tree of its own, too, and told but once for what it serves by itself", () => {
    const index = indexOf(...all, provider("near2", {}, { aggregates: ["agg1"] }));
    const disk = flatRequest({ DISK_GB: 1 });
    expect(index.matching(index.compile(disk)).length).toBe(3);
    expect(index.candidates(disk).map(({ allocations }) => allocations)).toEqual([
      [{ providerId: "s", resources: { DISK_GB: 1 } }],
    ]);
  });
});

describe("what is lacking", () => {
  const flat = provider(
    "h",
    { VCPU: inventory(8, { stepSize: 2 }), DISK_GB: 10 },
    { used: { DISK_GB: 4 }, traits: ["OLD"], aggregates: ["agg1"] },
  );
  const nics = [
    provider("h", { VCPU: 8 }),
    child("p0", "h", { VF: 2 }, { traits: ["A"] }),
    child("p1", "h", { VF: 2 }, { used: { VF: 2 } }),
  ];
  const vf = (suffix: string, changes: Partial<RequestGroup> = {}) => group(suffix, { VF: 1 }, changes);

  test.each<[string, readonly Provider[], ResourceRequest, readonly object[]]>([
    [
      "is told completely, resources first",
      [flat],
      request(
        [
          group(
            "",
            { MEMORY_MB: 1, VCPU: 3, DISK_GB: 7 },
            {
              required: [["X", "Y"]],
              forbidden: ["OLD"],
              memberOf: [["agg2"]],
              notMemberOf: ["agg1"],
              inTree: "other",
            },
          ),
        ],
        { rootRequired: ["R"] },
      ),
      [
        { kind: "resource", resourceClass: "MEMORY_MB", amount: 1, free: 0, capacity: 0 },
        { kind: "unit", resourceClass: "VCPU", amount: 3, free: 8, capacity: 8 },
        { kind: "resource", resourceClass: "DISK_GB", amount: 7, free: 6, capacity: 10 },
        { kind: "required-trait", traits: ["X", "Y"], suffix: "" },
        { kind: "forbidden-trait", trait: "OLD", suffix: "" },
        { kind: "aggregate", aggregates: ["agg2"], suffix: "" },
        { kind: "forbidden-aggregate", aggregate: "agg1", suffix: "" },
        { kind: "tree", providerId: "other", suffix: "" },
        { kind: "required-trait", traits: ["R"], suffix: "" },
      ],
    ],
    [
      "is that of the nearest provider",
      nics,
      request([vf("_1", { required: [["B"]] })]),
      [{ kind: "required-trait", traits: ["B"], suffix: "_1" }],
    ],
    [
      "may be spread: the most that one provider has",
      nics,
      request([group("", { VCPU: 1, VF: 3 })]),
      [{ kind: "resource", resourceClass: "VF", amount: 3, free: 2, capacity: 2 }],
    ],
    [
      "for all groups together",
      nics,
      request([vf("_1"), vf("_2"), vf("_3")], { groupPolicy: "none" }),
      [{ kind: "resource", resourceClass: "VF", amount: 3, free: 2, capacity: 4 }],
    ],
    [
      "for each to have its own provider",
      nics,
      request([vf("_1"), vf("_2")], { groupPolicy: "isolate" }),
      [{ kind: "group-policy", suffixes: ["_1", "_2"] }],
    ],
    [
      "between siblings",
      [...nics, child("p2", "h", { GPU: 1 })],
      request([vf("_1"), group("_2", { GPU: 1 })], { sameSubtree: [["_1"], ["_1", "_2"]] }),
      [{ kind: "same-subtree", suffixes: ["_1", "_2"] }],
    ],
    [
      "a way for all of it at once",
      [provider("h", { VF: inventory(8, { maxUnit: 1 }) })],
      request([vf("_1"), vf("_2")], { groupPolicy: "none" }),
      [{ kind: "combination" }],
    ],
  ])("%s", (_rule, providers, asked, lacks) => {
    const index = indexOf(...providers);
    expect(index.lacks(index.slotOf("h") ?? -1, index.compile(asked))).toEqual(lacks);
  });
});

describe("the index", () => {
  test("knows a tree when its root is known, whatever came first", () => {
    const index = new ProviderIndex();
    index.set(child("b", "h", { VF: 1 }));
    index.set(child("a", "h"));
    expect([index.slots, index.slotOf("h"), index.tree("h")]).toEqual([0, undefined, []]);
    index.set(provider("h"));
    expect(index.tree("h").map(({ id }) => id)).toEqual(["h", "a", "b"]);
    expect(index.matching(index.compile(flatRequest({ VF: 1 })))).toEqual([0]);
    index.delete("h");
    expect([index.size, index.slotOf("h"), index.matching(index.compile(flatRequest({ VF: 1 })))]).toEqual([
      2,
      undefined,
      [],
    ]);
  });

  test("keeps slots while roots are there, and gives them away when they are gone", () => {
    const index = indexOf(provider("h0"), provider("h1"), provider("h2"));
    index.delete("h1");
    index.set(provider("h2", { VCPU: 1 }));
    expect([index.slotOf("h0"), index.slotOf("h1"), index.slotOf("h2"), index.slots]).toEqual([0, undefined, 2, 3]);
    index.set(provider("h3"));
    expect([index.slotOf("h3"), index.rootAt(1)?.id, index.slots]).toEqual([1, "h3", 3]);
  });

  test("looks only within the slots that it is told, whatever their order", () => {
    const index = indexOf(...[0, 1, 2, 3].map((each) => provider(`h${each}`, { VCPU: 1 })));
    const asked = index.compile(flatRequest({ VCPU: 1 }));
    expect(index.matching(asked, [3, 1, 3, 77])).toEqual([1, 3]);
    expect(index.matching(asked, new Set())).toEqual([]);
  });

  test("answers a compiled request by what it has come to know since", () => {
    const index = indexOf(provider("h0", { VCPU: 8 }));
    const asked = index.compile(flatRequest({ CUSTOM_NEW: 1 }, { required: [["NEW"]], memberOf: [["agg"]] }));
    expect(index.matching(asked)).toEqual([]);
    index.set(provider("h1", { CUSTOM_NEW: 1 }, { traits: ["NEW"], aggregates: ["agg"] }));
    expect(index.matching(asked)).toEqual([1]);
    const taken = withTaken(index.get("h1") ?? provider("h1"), { CUSTOM_NEW: 1 });
    expect(index.hasRoom(1, asked, new Map([["h1", taken]]))).toBe(false);
    expect(index.hasRoom(1, asked)).toBe(true);
    index.set(taken);
    expect(index.matching(asked)).toEqual([]);
  });

  test("knows what a tree still has when one of its providers goes, or changes", () => {
    const index = indexOf(
      provider("h"),
      child("a", "h", { VF: 1 }),
      child("b", "h", { VF: 1 }),
      child("c", "h", { VF: 1 }),
    );
    const asked = index.compile(flatRequest({ VF: 1 }));
    index.delete("a");
    expect(index.matching(asked)).toEqual([0]);
    index.set(child("b", "h", {}));
    expect(index.matching(asked)).toEqual([0]);
    index.set(child("c", "h", {}));
    expect(index.matching(asked)).toEqual([]);
  });

  test("sees at once who shares and who does no more, though it has looked before", () => {
    const asked = flatRequest({ VF: 1 });
    const index = indexOf(provider("h", {}, { aggregates: ["agg1"] }), child("a", "h"));
    const isServed = () => index.hasRoom(0, index.compile(asked));
    const store = provider("s", { VF: 1 }, { traits: [SHARES], aggregates: ["agg1"] });
    expect(isServed()).toBe(false);
    index.set(store);
    expect(isServed()).toBe(true);
    index.set({ ...store, aggregates: ["agg2"] });
    expect(isServed()).toBe(false);
    index.set(child("a", "h", {}, { aggregates: ["agg2"] }));
    expect(isServed()).toBe(true);
    index.set({ ...store, aggregates: ["agg2"], traits: [] });
    expect(isServed()).toBe(false);
    index.set({ ...store, aggregates: ["agg2"] });
    index.delete("s");
    expect(isServed()).toBe(false);
  });

  test("tells the slots of a trait and of an aggregate, by the root", () => {
    const index = indexOf(
      provider("h0", {}, { traits: ["A"], aggregates: ["agg"] }),
      provider("h1"),
      child("n", "h1", {}, { traits: ["A"], aggregates: ["agg"] }),
    );
    expect([...index.slotsWithTrait("A")]).toEqual([0]);
    expect([...index.slotsInAggregate("agg")]).toEqual([0]);
    expect([...index.slotsWithTrait("none")]).toEqual([]);
  });

  test("finds the same with thousands of hosts as with one", () => {
    const index = new ProviderIndex();
    for (let each = 0; each < 3000; each++) index.set(provider(`h${each}`, { VCPU: each % 100 === 7 ? 9 : 1 }));
    const expected = Array.from({ length: 30 }, (_, each) => each * 100 + 7);
    const asked = index.compile(flatRequest({ VCPU: 5 }));
    expect(index.matching(asked)).toEqual(expected);
    for (const slot of expected.slice(1)) index.set(provider(`h${slot}`, { VCPU: 9 }, { used: { VCPU: 5 } }));
    expect(index.matching(asked)).toEqual([7]);
  });
});

describe("candidates", () => {
  const trees = ["h0", "h1"].flatMap((root) => [
    provider(root),
    child(`${root}a`, root, { VF: 1 }),
    child(`${root}b`, root, { VF: 1 }),
  ]);
  const given = (options: Parameters<ProviderIndex["candidates"]>[1]) =>
    indexOf(...trees)
      .candidates(flatRequest({ VF: 1 }), options)
      .map(({ allocations }) => allocations[0]?.providerId);

  test("come tree by tree, or one of each tree in turn, up to the limit", () => {
    expect(given({})).toEqual(["h0a", "h0b", "h1a", "h1b"]);
    expect(given({ limit: 3 })).toEqual(["h0a", "h0b", "h1a"]);
    expect(given({ strategy: "breadth-first" })).toEqual(["h0a", "h1a", "h0b", "h1b"]);
    expect(given({ strategy: "breadth-first", limit: 3 })).toEqual(["h0a", "h1a", "h0b"]);
    expect(given({ limit: 0 })).toEqual([]);
  });

  test("are bounded, however many ways there would be", () => {
    const nics = Array.from({ length: 12 }, (_, each) => child(`p${each}`, "h", { VF: 20 }));
    const groups = Array.from({ length: 12 }, (_, each) => group(`_${each}`, { VF: 1 }));
    const index = indexOf(provider("h"), ...nics);
    const found = index.candidatesAt(0, index.compile(request(groups, { groupPolicy: "none" })));
    expect(found.length).toBeGreaterThan(1000);
    expect(found.length).toBeLessThanOrEqual(20_000);
  });

  test("are sought in bounded time where there are none", () => {
    // Twelve groups want eleven ports, each its own: to be sure of it, all their orders would have to be tried.
    const port = (each: number) => child(`p${each}`, "h", { VF: 5 }, { traits: each < 11 ? ["A"] : [] });
    const ports = Array.from({ length: 14 }, (_, each) => port(each));
    const groups = Array.from({ length: 13 }, (_, each) =>
      group(`_${each}`, { VF: 1 }, { required: each < 12 ? [["A"]] : [] }),
    );
    const index = indexOf(provider("h"), ...ports);
    const asked = index.compile(request(groups, { groupPolicy: "isolate" }));
    expect(index.matching(asked)).toEqual([]);
    expect(index.lacks(0, asked)).toEqual([{ kind: "group-policy", suffixes: groups.map(({ suffix }) => suffix) }]);
  });
});
