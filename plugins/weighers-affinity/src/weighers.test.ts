import type { GroupPolicy } from "@kilonova/plugin-api";
import { sampleHost, sampleRequest, weigherSuite } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { CrossCellWeigher } from "./cross-cell-weigher.js";
import { weighersAffinityOptions } from "./options.js";
import { ServerGroupSoftAffinityWeigher } from "./server-group-soft-affinity-weigher.js";
import { ServerGroupSoftAntiAffinityWeigher } from "./server-group-soft-anti-affinity-weigher.js";

const settings = weighersAffinityOptions.schema.parse({});
const members = new Map([["crowded", 3]]);

function memberOf(policy: GroupPolicy) {
  return sampleRequest({ group: { id: "g", policy, maxServerPerHost: 1 }, groupMembers: members });
}

describe.each([
  [
    "soft affinity",
    ServerGroupSoftAffinityWeigher,
    "softAffinityWeightMultiplier",
    "soft_affinity_weight_multiplier",
    1,
  ],
  [
    "soft anti-affinity",
    ServerGroupSoftAntiAffinityWeigher,
    "softAntiAffinityWeightMultiplier",
    "soft_anti_affinity_weight_multiplier",
    1,
  ],
  ["cross cell", CrossCellWeigher, "crossCellMoveWeightMultiplier", "cross_cell_move_weight_multiplier", 1_000_000],
] as const)("%s", (_name, Weigher, option, key, preset) => {
  describe.each([
    ["by default", settings],
    ["turned round", { ...settings, [option]: -2.5 }],
  ])("%s", (_when, changed) => {
    for (const { name, run } of weigherSuite(() => new Weigher(changed))) test(name, run);
  });

  test("counts as its option says, and on an aggregate's hosts as that says", () => {
    expect(new Weigher(settings)).toMatchObject({ weight: preset, weightKey: key });
    expect(new Weigher({ ...settings, [option]: 7 }).weight).toBe(7);
  });
});

describe.each([
  ["soft-affinity", ServerGroupSoftAffinityWeigher, 3],
  ["soft-anti-affinity", ServerGroupSoftAntiAffinityWeigher, -3],
] as const)("for a group with policy %s", (policy, Weigher, crowded) => {
  const weigher = new Weigher(settings);

  test.each([
    ["crowded", crowded],
    ["empty", 0],
  ])("a host that is %s weighs %d", (providerId, weight) => {
    expect(weigher.weigh(sampleHost({ providerId }), memberOf(policy))).toBe(weight);
  });

  test("sees where other servers are, and is asked for that policy alone", () => {
    expect(weigher.seesServers).toBe(true);
    expect(weigher.concerns(memberOf(policy))).toBe(true);
    for (const other of ["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"] as const) {
      if (other === policy) continue;
      expect(weigher.concerns(memberOf(other))).toBe(false);
      expect(weigher.weigh(sampleHost({ providerId: "crowded" }), memberOf(other))).toBe(0);
    }
    expect(weigher.concerns(sampleRequest())).toBe(false);
    expect(weigher.concerns(sampleRequest({ group: null, groupMembers: members }))).toBe(false);
  });
});

describe("CrossCellWeigher", () => {
  test("is concerned with no request, as there is one cell", () => {
    const weigher = new CrossCellWeigher(settings);
    expect([weigher.concerns(), weigher.weigh()]).toEqual([false, 0]);
  });
});
