import { sampleHost, weigherSuite } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { CPUWeigher } from "./cpu-weigher.js";
import { DiskWeigher } from "./disk-weigher.js";
import { weighersResourceOptions } from "./options.js";
import { RAMWeigher } from "./ram-weigher.js";

const settings = weighersResourceOptions.schema.parse({});

describe.each([
  ["RAMWeigher", RAMWeigher, "MEMORY_MB", "ramWeightMultiplier"],
  ["CPUWeigher", CPUWeigher, "VCPU", "cpuWeightMultiplier"],
  ["DiskWeigher", DiskWeigher, "DISK_GB", "diskWeightMultiplier"],
] as const)("%s", (_name, Weigher, resourceClass, option) => {
  for (const { name, run } of weigherSuite(() => new Weigher(settings))) test(name, run);

  test("weighs what is free after the ratio, from 0 up", () => {
    const weigher = new Weigher(settings);
    expect(weigher.weigh(sampleHost({ resources: { [resourceClass]: { total: 10, used: 4, ratio: 1.5 } } }))).toBe(11);
    expect(weigher.weigh(sampleHost({ resources: {} }))).toBe(0);
    expect(weigher.minimum).toBe(0);
    expect(weigher.maximum).toBeUndefined();
  });

  test("counts as its option says", () => {
    expect(new Weigher(settings).multiplier()).toBe(1);
    expect(new Weigher({ ...settings, [option]: -2.5 }).multiplier()).toBe(-2.5);
  });
});
