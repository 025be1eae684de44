import type { HostState, Options, PciPool } from "@kilonova/plugin-api";
import { type SampleHost, sampleHost, weigherSuite } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { CPUWeigher } from "./cpu-weigher.js";
import { DiskWeigher } from "./disk-weigher.js";
import { IoOpsWeigher } from "./io-ops-weigher.js";
import { MetricsWeigher } from "./metrics-weigher.js";
import { NumInstancesWeigher } from "./num-instances-weigher.js";
import { weighersResourceOptions } from "./options.js";
import { PCIWeigher } from "./pci-weigher.js";
import { RAMWeigher } from "./ram-weigher.js";

type Settings = Options<typeof weighersResourceOptions>;

const settings = weighersResourceOptions.schema.parse({});

describe.each([
  ["RAMWeigher", RAMWeigher, "ramWeightMultiplier", "ram_weight_multiplier", 1],
  ["CPUWeigher", CPUWeigher, "cpuWeightMultiplier", "cpu_weight_multiplier", 1],
  ["DiskWeigher", DiskWeigher, "diskWeightMultiplier", "disk_weight_multiplier", 1],
  ["IoOpsWeigher", IoOpsWeigher, "ioOpsWeightMultiplier", "io_ops_weight_multiplier", -1],
  ["NumInstancesWeigher", NumInstancesWeigher, "numInstancesWeightMultiplier", "num_instances_weight_multiplier", 0],
  ["PCIWeigher", PCIWeigher, "pciWeightMultiplier", "pci_weight_multiplier", 1],
  ["MetricsWeigher", MetricsWeigher, "metricsWeightMultiplier", "metrics_weight_multiplier", 1],
] as const)("%s", (_name, Weigher, option, key, preset) => {
  describe.each<[string, Settings]>([
    ["by default", settings],
    [
      "with other options",
      { ...settings, [option]: 2.5, metricsWeightSetting: ["cpu.percent=-1.5"], metricsRequired: false },
    ],
  ])("%s", (_when, changed) => {
    for (const { name, run } of weigherSuite(() => new Weigher(changed))) test(name, run);
  });

  test("counts as its option says, and on an aggregate's hosts as that says", () => {
    expect(new Weigher(settings)).toMatchObject({ weight: preset, weightKey: key, weightSign: 1 });
    expect(new Weigher({ ...settings, [option]: 7 }).weight).toBe(7);
  });

  test("reads nothing of a request", () => expect(new Weigher(settings).signature()).toBe(""));
});

describe.each([
  ["RAMWeigher", RAMWeigher, "MEMORY_MB"],
  ["CPUWeigher", CPUWeigher, "VCPU"],
  ["DiskWeigher", DiskWeigher, "DISK_GB"],
] as const)("%s", (_name, Weigher, resourceClass) => {
  const weigher = new Weigher(settings);

  test("weighs what is free after the ratio, from 0 up", () => {
    expect(weigher.weigh(sampleHost({ resources: { [resourceClass]: { total: 10, used: 4, ratio: 1.5 } } }))).toBe(11);
    expect(weigher.weigh(sampleHost({ resources: {} }))).toBe(0);
    expect([weigher.minimum, weigher.maximum]).toEqual([0, undefined]);
  });
});

test.each([
  ["IoOpsWeigher weighs what keeps a host busy", IoOpsWeigher, { ioOps: 7, servers: 9 }, 7],
  ["NumInstancesWeigher weighs how many servers there are", NumInstancesWeigher, { ioOps: 7, servers: 9 }, 9],
] as const)("%s", (_rule, Weigher, changes, weight) => {
  expect(new Weigher(settings).weigh(sampleHost(changes))).toBe(weight);
});

test("only what has a natural lower end has it fixed", () => {
  const ends = [IoOpsWeigher, NumInstancesWeigher, PCIWeigher, MetricsWeigher].map((Weigher) => {
    const { minimum, maximum } = new Weigher(settings);
    return [minimum, maximum];
  });
  expect(ends).toEqual([[0, undefined], ...Array.from({ length: 3 }, () => [undefined, undefined])]);
});

describe("PCIWeigher", () => {
  const pool = (count: number): PciPool => ({
    vendorId: "8086",
    productId: "154d",
    numaNode: null,
    deviceType: "type-VF",
    count,
    tags: {},
  });

  test.each([
    ["none", [], 100],
    ["one", [1], 99],
    ["some of several sorts", [3, 4], 93],
    ["all taken", [0], 100],
    ["99", [99], 1],
    ["more", [99, 2000], 1],
  ])("with free devices: %s", (_free, counts, weight) => {
    expect(new PCIWeigher(settings).weigh(sampleHost({ pciPools: counts.map(pool) }))).toBe(weight);
  });

  test("refuses a negative multiplier: it would drive servers without devices off the hosts without devices", () => {
    expect(weighersResourceOptions.schema.safeParse({ pciWeightMultiplier: -1 }).success).toBe(false);
  });
});

describe("MetricsWeigher", () => {
  const measured: SampleHost = {
    host: "hot",
    metrics: new Map([
      ["cpu.percent", 0.5],
      ["temperature", 70],
    ]),
  };

  function weightOf(changes: Partial<Settings>, host: HostState = sampleHost(measured)): number {
    return new MetricsWeigher({ ...settings, ...changes }).weigh(host);
  }

  test.each([
    ["nothing measured", [], 0],
    ["one measurement", ["temperature=2"], 140],
    ["the sum of several", ["temperature=-0.5", " cpu.percent = 10.0 "], -30],
    ["a name that is there twice: its last ratio", ["temperature=1", "temperature=2"], 140],
  ])("%s", (_what, metricsWeightSetting, weight) => {
    expect(weightOf({ metricsWeightSetting })).toBe(weight);
  });

  test("fails on a host without a measurement that is required, and says which and what to do", () => {
    expect(() => weightOf({ metricsWeightSetting: ["noise=1"] })).toThrow(
      /^host hot has no measurement noise: put MetricsFilter among the filters, or set weighersResource\.metricsRequired/,
    );
  });

  test.each([
    ["weighs as the option says", ["temperature=1", "noise=1"], -10_000],
    ["weighs what it has where the missing one counts nothing", ["temperature=1", "noise=0"], 70],
  ])("where measurements are not required, a host without one %s", (_what, metricsWeightSetting, weight) => {
    expect(weightOf({ metricsWeightSetting, metricsRequired: false })).toBe(weight);
    const other = { metricsWeightSetting, metricsRequired: false, metricsWeightOfUnavailable: -1 };
    expect(weightOf(other)).toBe(weight === 70 ? 70 : -1);
  });

  test("is concerned with nothing where nothing is measured", () => {
    expect(new MetricsWeigher(settings).concerns()).toBe(false);
    expect(new MetricsWeigher({ ...settings, metricsWeightSetting: ["a=1"] }).concerns()).toBe(true);
  });

  test.each(["temperature", "temperature=", "=1", "temperature=warm", "a=1=2", ""])("refuses the ratio %j", (text) => {
    expect(weighersResourceOptions.schema.safeParse({ metricsWeightSetting: [text] }).success).toBe(false);
  });
});
