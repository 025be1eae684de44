import type { NumaCell, PciPool } from "@kilonova/plugin-api";
import { filterSuite, sampleHost, sampleRequest } from "@kilonova/plugin-testing";
import { describe, expect, it, test } from "vitest";
import { NUMATopologyFilter } from "./numa-topology-filter.js";
import { filtersDeviceOptions } from "./options.js";
import { PciPassthroughFilter } from "./pci-passthrough-filter.js";
import { floatingCell, numaCell } from "./testing/numa-cells.js";

const GPU = { name: "gpu", vendor_id: "10de", product_id: "1EB8", device_type: "type-PCI" };
const NIC = { name: "nic", vendor_id: "8086", product_id: "154d", device_type: "type-VF", numa_policy: "required" };
const CARD = { name: "card", vendor_id: "8086", product_id: "154d" };

const settings = (pciAliases: readonly object[] = [GPU, NIC, CARD]) =>
  filtersDeviceOptions.schema.parse({ pciAliases });

describe.each([
  ["NUMATopologyFilter", () => new NUMATopologyFilter(settings([]))],
  ["NUMATopologyFilter with aliases", () => new NUMATopologyFilter(settings())],
  ["PciPassthroughFilter", () => new PciPassthroughFilter(settings([]))],
  ["PciPassthroughFilter with aliases", () => new PciPassthroughFilter(settings())],
])("%s does what every filter promises:", (_name, makeFilter) => {
  for (const { name, run } of filterSuite(makeFilter)) test(name, run);
});

interface Host {
  readonly numaCells?: readonly NumaCell[];
  readonly pciPools?: readonly PciPool[];
}

function verdict(
  filter: NUMATopologyFilter | PciPassthroughFilter,
  { numaCells = [], pciPools = [] }: Host,
  extraSpecs: Record<string, string>,
  properties: Record<string, string> = {},
) {
  const image = { id: "image", minDisk: 0, minRam: 0, properties };
  const request = sampleRequest({ flavor: { vcpus: 4, memoryMb: 1024, extraSpecs }, image });
  const host = sampleHost({ numaCells, pciPools, resources: { VCPU: { total: 8, ratio: 2 } } });
  if (filter instanceof NUMATopologyFilter) return filter.hostPasses(host, request, filter.prepare(request));
  return filter.hostPasses(host, request, filter.prepare(request));
}

function pool(count: number, changes: Partial<PciPool> = {}): PciPool {
  return { vendorId: "10DE", productId: "1eb8", numaNode: 0, deviceType: "type-PCI", count, tags: {}, ...changes };
}

const VF: Partial<PciPool> = { vendorId: "8086", productId: "154d", deviceType: "type-VF" };
const PF: Partial<PciPool> = { ...VF, deviceType: "type-PF" };

describe("NUMATopologyFilter", () => {
  const filter = new NUMATopologyFilter(settings());
  const busy = { cpusPinned: [0, 1, 2, 3, 4] };

  it.each<[string, Host, Record<string, string>, unknown]>([
    ["no topology, no cells", {}, {}, true],
    ["no topology, any cells", { numaCells: [numaCell(busy)] }, { "hw:cpu_policy": "shared" }, true],
    [
      "a topology, no cells",
      {},
      { "hw:numa_nodes": "1" },
      { code: "no-numa-cells", words: "do not tell of NUMA cells, which the request needs" },
    ],
    ["dedicated CPUs that are free", { numaCells: [numaCell()] }, { "hw:cpu_policy": "dedicated" }, true],
    [
      "dedicated CPUs that others have",
      { numaCells: [numaCell(busy)] },
      { "hw:cpu_policy": "dedicated" },
      {
        code: "numa-cells-busy",
        words: "have too little left for 1 NUMA cell of 4 dedicated CPUs and 1024 MB",
        outlook: "not-now",
      },
    ],
    [
      "dedicated CPUs that there are not",
      { numaCells: [floatingCell()] },
      { "hw:cpu_policy": "dedicated" },
      { code: "numa-cells-small", words: "are not made for 1 NUMA cell of 4 dedicated CPUs and 1024 MB" },
    ],
    ["shared CPUs, overcommitted", { numaCells: [floatingCell({ cpusUsed: 4 })] }, { "hw:numa_nodes": "1" }, true],
    [
      "shared CPUs, beyond the ratio",
      { numaCells: [floatingCell({ cpusUsed: 5 })] },
      { "hw:numa_nodes": "1" },
      {
        code: "numa-cells-busy",
        words: "have too little left for 1 NUMA cell of 4 shared CPUs and 1024 MB",
        outlook: "not-now",
      },
    ],
    [
      "more cells than there are",
      { numaCells: [numaCell()] },
      { "hw:numa_nodes": "2", "hw:cpu_policy": "dedicated" },
      { code: "too-few-numa-cells", words: "have fewer than 2 NUMA cells" },
    ],
    [
      "threads that there are not",
      { numaCells: [numaCell({ siblings: [[0], [1], [2], [3], [4]] })] },
      { "hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "require" },
      { code: "no-threads", words: "have one thread a core, and hw:cpu_thread_policy=require needs more" },
    ],
    [
      "pages, threads and the emulator in words",
      { numaCells: [numaCell(), numaCell({ id: 1 })] },
      {
        "hw:cpu_policy": "dedicated",
        "hw:cpu_thread_policy": "require",
        "hw:mem_page_size": "2MB",
        "hw:emulator_threads_policy": "isolate",
        "hw:numa_nodes": "2",
      },
      {
        code: "numa-cells-small",
        words:
          "are not made for 2 NUMA cells of 2 dedicated CPUs and 512 MB in pages of 2048 kB, thread policy require, a CPU for the emulator",
      },
    ],
    [
      "a topology that cannot be",
      { numaCells: [numaCell()] },
      { "hw:numa_nodes": "0" },
      {
        code: "numa-request-unreadable",
        words: "cannot serve the request: hw:numa_nodes is no number from 1 to 128",
      },
    ],
  ])("%s", (_case, host, extraSpecs, expected) => {
    expect(verdict(filter, host, extraSpecs)).toEqual(expected);
  });

  const twoCells = [numaCell(busy), numaCell({ id: 1 })];
  const apart = (name: string) => ({
    code: "pci-devices-apart",
    words: `have no PCI devices of ${name} near 1 NUMA cell of 4 dedicated CPUs and 1024 MB`,
    outlook: "not-now",
  });

  it.each<[string, PciPool[], Record<string, string>, unknown]>([
    ["on the cell with room", [pool(1, { numaNode: 1 })], { "pci_passthrough:alias": "gpu:1" }, true],
    ["on the other cell", [pool(1)], { "pci_passthrough:alias": "gpu:1" }, apart("gpu")],
    ["on no cell, legacy", [pool(1, { numaNode: null })], { "pci_passthrough:alias": "gpu:1" }, true],
    ["on no cell, required", [pool(1, { ...VF, numaNode: null })], { "pci_passthrough:alias": "nic:1" }, apart("nic")],
    ["on the cell, required", [pool(1, { ...VF, numaNode: 1 })], { "pci_passthrough:alias": "nic:1" }, true],
    [
      "on the other cell, preferred by the flavor",
      [pool(1)],
      { "pci_passthrough:alias": "gpu:1", "hw:pci_numa_affinity_policy": "preferred" },
      true,
    ],
    [
      "on no cell, required by the flavor",
      [pool(1, { numaNode: null })],
      { "pci_passthrough:alias": "gpu:1", "hw:pci_numa_affinity_policy": "required" },
      apart("gpu"),
    ],
    [
      "on no cell, of the same socket",
      [pool(1, { numaNode: null })],
      { "pci_passthrough:alias": "gpu:1", "hw:pci_numa_affinity_policy": "socket" },
      apart("gpu"),
    ],
    ["of an alias that there is not", [], { "pci_passthrough:alias": "fpga:1" }, true],
  ])("PCI devices %s", (_case, pciPools, extraSpecs, expected) => {
    const specs = { "hw:cpu_policy": "dedicated", ...extraSpecs };
    expect(verdict(filter, { numaCells: twoCells, pciPools }, specs)).toEqual(expected);
  });

  it("has a concern where a topology is asked for, and gives equal ones one signature", () => {
    const asked = (extraSpecs: Record<string, string>) =>
      sampleRequest({ flavor: { vcpus: 4, memoryMb: 1024, extraSpecs } });
    expect(filter.concerns(asked({}))).toBe(false);
    expect(filter.concerns(asked({ "hw:mem_page_size": "large" }))).toBe(true);
    expect(filter.signature(asked({ ssd: "true" }))).toBe("");
    expect(filter.signature(asked({ "hw:numa_nodes": "1", ssd: "true" }))).toBe(
      filter.signature(asked({ "hw:numa_nodes": "1" })),
    );
    expect(filter.signature(asked({ "hw:numa_nodes": "2" }))).not.toBe(
      filter.signature(asked({ "hw:numa_nodes": "1" })),
    );
  });
});

describe("PciPassthroughFilter", () => {
  const filter = new PciPassthroughFilter(settings());
  const none = (name: string) => ({ code: "no-pci-devices", words: `have no PCI devices of alias ${name}` });
  const few = (count: number, name: string) => ({
    code: "too-few-pci-devices",
    words: `have fewer than ${count} PCI devices of alias ${name} left`,
    outlook: "not-now",
  });

  it.each<[string | undefined, PciPool[], unknown]>([
    [undefined, [], true],
    ["gpu:1", [pool(1)], true],
    ["gpu:1", [], none("gpu")],
    ["gpu:1", [pool(0)], few(1, "gpu")],
    ["gpu:3", [pool(2)], few(3, "gpu")],
    ["gpu:3", [pool(2), pool(1, { numaNode: 1 })], true],
    ["gpu:1", [pool(1, { productId: "ffff" })], none("gpu")],
    ["gpu:1", [pool(1, { deviceType: "type-VF" })], none("gpu")],
    ["gpu: 1 , nic :1", [pool(1), pool(1, VF)], true],
    ["gpu:1,nic:2", [pool(1), pool(1, VF)], few(2, "nic")],
    // What one has taken the next does not get.
    ["nic:1,card:1", [pool(1, VF)], few(1, "card")],
    ["nic:1,card:1", [pool(2, VF)], true],
    // Physical functions are given where they are named.
    ["card:1", [pool(1, PF)], none("card")],
    ["card:1", [pool(1, PF), pool(1, VF)], true],
    ["gpu:0", [], true],
  ])("alias %j", (alias, pciPools, expected) => {
    const extraSpecs: Record<string, string> = alias === undefined ? {} : { "pci_passthrough:alias": alias };
    expect(verdict(filter, { pciPools }, extraSpecs)).toEqual(expected);
  });

  it.each([
    ["fpga:1", "there is no PCI alias fpga"],
    ["gpu", "pci_passthrough:alias is no list of names and numbers, as gpu:1"],
    ["gpu:", "pci_passthrough:alias is no list of names and numbers, as gpu:1"],
    ["gpu:-1", "pci_passthrough:alias is no list of names and numbers, as gpu:1"],
    ["gpu:1,", "pci_passthrough:alias is no list of names and numbers, as gpu:1"],
    ["gpu:1:2", "pci_passthrough:alias is no list of names and numbers, as gpu:1"],
    ["", "pci_passthrough:alias is no list of names and numbers, as gpu:1"],
  ])("no host serves alias %j", (alias, problem) => {
    expect(verdict(filter, { pciPools: [pool(9)] }, { "pci_passthrough:alias": alias })).toEqual({
      code: "pci-request-unreadable",
      words: `cannot serve the request: ${problem}`,
    });
  });

  it("no host serves affinities that contradict one another", () => {
    const specs = { "pci_passthrough:alias": "gpu:1", "hw:pci_numa_affinity_policy": "required" };
    expect(verdict(filter, { pciPools: [pool(1)] }, specs, { hw_pci_numa_affinity_policy: "legacy" })).toEqual({
      code: "pci-request-unreadable",
      words:
        "cannot serve the request: the flavor's hw:pci_numa_affinity_policy=required does not allow the image's legacy",
    });
  });

  it("takes devices of any alias of a name", () => {
    const either = new PciPassthroughFilter(settings([GPU, { ...GPU, product_id: "2236" }]));
    expect(
      verdict(either, { pciPools: [pool(1), pool(1, { productId: "2236" })] }, { "pci_passthrough:alias": "gpu:2" }),
    ).toBe(true);
  });

  it.each([
    [[{ ...GPU, vendor_id: "nvidia" }], "expected four hexadecimal digits"],
    [[GPU, { ...GPU, numa_policy: "required" }], "expected aliases of one name"],
    [[GPU, { ...GPU, device_type: "type-VF" }], "expected aliases of one name"],
    [[{ ...GPU, vendor: "10de" }], "Unrecognized key"],
  ])("refuses options that are wrong (%#)", (pciAliases, words) => {
    expect(() => settings(pciAliases)).toThrow(words);
  });
});
