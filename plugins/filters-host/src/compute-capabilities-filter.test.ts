import { sampleHost, sampleRequest } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { ComputeCapabilitiesFilter } from "./compute-capabilities-filter.js";

const HOST = sampleHost({
  host: "host1",
  node: "node1",
  hypervisorType: "QEMU",
  hypervisorVersion: 8_002_002,
  hostIp: "192.0.2.7",
  resources: {
    VCPU: { total: 16, used: 5, ratio: 4 },
    MEMORY_MB: { total: 8192, used: 1024, ratio: 1.5 },
    DISK_GB: { total: 100, used: 40 },
  },
  servers: 3,
  ioOps: 1,
  failedBuilds: 2,
  stats: {
    ssd: true,
    tier: "gold",
    gpu: { model: "a100", memory: { gb: 40 } },
    legacy: '{"level": {"depth": 3}}',
    broken: "{",
    nothing: null,
    cpu_info: { arch: "x86_64", features: ["aes", "avx2"], topology: { cores: 8 }, maxphysaddr: { bits: 46 } },
  },
});

function verdict(extraSpecs: Readonly<Record<string, string>>, host = HOST) {
  const filter = new ComputeCapabilitiesFilter();
  const request = sampleRequest({ flavor: { extraSpecs } });
  return filter.hostPasses(host, request, filter.prepare(request));
}

describe("ComputeCapabilitiesFilter", () => {
  it.each<[string, string, boolean]>([
    ["capabilities:host", "host1", true],
    ["capabilities:hypervisor_hostname", "node1", true],
    ["capabilities:nodename", "node1", true],
    ["capabilities:hypervisor_type", "QEMU", true],
    ["capabilities:hypervisor_type", "s== VMware", false],
    ["capabilities:hypervisor_version", ">= 8000000", true],
    ["capabilities:hypervisor_version", ">= 9000000", false],
    ["capabilities:host_ip", "<in> 192.0.2.", true],
    ["capabilities:vcpus_total", "== 16", true],
    ["capabilities:vcpus_used", "== 5", true],
    ["capabilities:total_usable_ram_mb", "== 8192", true],
    ["capabilities:free_ram_mb", "== 7168", true],
    ["capabilities:free_ram_mb", ">= 7169", false],
    ["capabilities:total_usable_disk_gb", "= 100", true],
    ["capabilities:free_disk_mb", "== 61440", true],
    ["capabilities:disk_mb_used", "== 40960", true],
    ["capabilities:cpu_allocation_ratio", "== 4.0", true],
    ["capabilities:ram_allocation_ratio", "<= 1.5", true],
    ["capabilities:num_instances", "<= 3", true],
    ["capabilities:num_instances", "<= 2", false],
    ["capabilities:num_io_ops", "== 1", true],
    ["capabilities:failed_builds", "<= 1", false],
    ["capabilities:ssd", "True", true],
    ["capabilities:ssd", "true", false],
    ["capabilities:tier", "<or> silver <or> gold", true],
    ["capabilities:gpu:model", "s== a100", true],
    ["capabilities:gpu:memory:gb", ">= 48", false],
    ["capabilities:legacy:level:depth", "== 3", true],
    ["capabilities:cpu_info:features", "<in> avx", true],
    ["capabilities:cpu_info:features", "<all-in> aes avx2", true],
    ["capabilities:cpu_info:features", "<all-in> aes sse4", false],
    ["capabilities:cpu_info:topology:cores", ">= 8", true],
    ["free_ram_mb", ">= 1024", true],
    ["free_ram_mb", ">= 10240", false],
    ["tier", "gold", true],
    ["tier", "silver", false],
    // Without a scope it may be meant for an aggregate: a host that knows nothing of it is not concerned.
    ["rack", "r1", true],
    ["aggregate_instance_extra_specs:tier", "silver", true],
    ["quota:cpu_shares", "100", true],
    ["hw:cpu_policy", "dedicated", true],
    ["capabilities_of:tier", "silver", true],
  ])("%s=%s: %s", (key, value, passes) => {
    const words = `do not match extra spec ${key}=${value}`;
    expect(verdict({ [key]: value })).toEqual(passes || { code: "capability-differs", words });
  });

  it.each([
    "capabilities:rack",
    "capabilities:gpu:vendor",
    "capabilities:tier:level",
    "capabilities:broken:x",
    "capabilities:nothing",
    "capabilities:__proto__",
    "capabilities:gpu:constructor",
    "capabilities:",
  ])("drops a host that does not tell of %s", (key) => {
    expect(verdict({ [key]: "r1" })).toMatchObject({ code: "no-capability" });
  });

  it("passes a host that meets all, and names the first that it does not", () => {
    expect(verdict({ "capabilities:tier": "gold", free_ram_mb: ">= 1" })).toBe(true);
    expect(verdict({ "capabilities:tier": "gold", free_ram_mb: ">= 9999" })).toEqual({
      code: "capability-differs",
      words: "do not match extra spec free_ram_mb=>= 9999",
    });
  });

  it("says that an operator is malformed", () => {
    expect(verdict({ "capabilities:vcpus_total": ">= many" })).toEqual({
      code: "extra-spec-malformed",
      words: "cannot match extra spec capabilities:vcpus_total=>= many, which has no number after >=",
      outlook: "never",
    });
  });

  it("counts what is kept for the host itself as used", () => {
    const host = sampleHost({ resources: { MEMORY_MB: { total: 1000, used: 100 } } });
    const inventory = host.provider.inventories["MEMORY_MB"];
    if (!inventory) throw new Error("the sample host has no memory");
    const kept = {
      ...host,
      provider: { ...host.provider, inventories: { MEMORY_MB: { ...inventory, reserved: 300 } } },
    };
    expect(verdict({ "capabilities:free_ram_mb": "== 600" }, kept)).toBe(true);
  });

  it.each<[string, Record<string, string>, true | { code: string }]>([
    ["46", {}, true],
    ["46", { "hw:maxphysaddr_mode": "emulate" }, true],
    ["47", { "hw:maxphysaddr_mode": "emulate" }, { code: "address-bits-short" }],
    ["47", { "hw:maxphysaddr_mode": "passthrough" }, true],
    ["wide", {}, { code: "address-bits-malformed" }],
  ])("hw:maxphysaddr_bits=%s with %j", (bits, more, expected) => {
    const found = verdict({ "hw:maxphysaddr_bits": bits, ...more });
    if (expected === true) expect(found).toBe(true);
    else expect(found).toMatchObject(expected);
  });

  it("drops a host that does not tell how wide its addresses are", () => {
    expect(verdict({ "hw:maxphysaddr_bits": "40" }, sampleHost())).toMatchObject({ code: "address-bits-unknown" });
  });

  it("gives flavors that ask the same one signature, whatever else they say", () => {
    const filter = new ComputeCapabilitiesFilter();
    const signature = (extraSpecs: Record<string, string>) =>
      filter.signature(sampleRequest({ flavor: { extraSpecs, vcpus: 3 } }));
    expect(signature({ a: "1", b: "2", "quota:x": "3" })).toBe(signature({ b: "2", a: "1", "hw:numa_nodes": "2" }));
    expect(signature({ a: "1" })).not.toBe(signature({ a: "2" }));
  });
});
