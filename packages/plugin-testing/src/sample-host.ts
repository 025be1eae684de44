import { randomUUID } from "node:crypto";
import type { Flavor, HostState, Inventory, Provider, RequestSpec, ResourceState } from "@kilonova/plugin-api";

/** What a sample host has: by resource class, how much and how much of it is taken. */
export type SampleResources = Readonly<
  Record<string, { readonly total: number; readonly used?: number; readonly ratio?: number }>
>;

/** What a test says of a host; the rest is that of an idle host in good order. */
export type SampleHost = Partial<Omit<HostState, "resources" | "provider">> & { readonly resources?: SampleResources };

const IDLE: SampleResources = { VCPU: { total: 8 }, MEMORY_MB: { total: 16_384 }, DISK_GB: { total: 100 } };

/** A host as filters and weighers see it. Its provider tells the same of it. */
export function sampleHost({ resources = IDLE, ...changes }: SampleHost = {}): HostState {
  const states = new Map<string, ResourceState>();
  const inventories: Record<string, Inventory> = {};
  const used: Record<string, number> = {};
  for (const [name, { total, used: taken = 0, ratio = 1 }] of Object.entries(resources)) {
    states.set(name, { total, used: taken, capacity: total * ratio });
    inventories[name] = {
      total,
      reserved: 0,
      minUnit: 1,
      maxUnit: Math.max(1, total),
      stepSize: 1,
      allocationRatio: ratio,
    };
    used[name] = taken;
  }
  const host = {
    host: "host1",
    node: "host1",
    providerId: randomUUID(),
    hypervisorType: "fake",
    hypervisorVersion: 1_000_000,
    up: true,
    disabled: false,
    disabledReason: null,
    traits: new Set<string>(),
    servers: 0,
    failedBuilds: 0,
    ...changes,
  };
  const provider: Provider = {
    id: host.providerId,
    name: host.node,
    parentId: null,
    generation: 1,
    inventories,
    used,
    consumers: host.servers,
    traits: [...host.traits],
  };
  return { ...host, resources: states, provider };
}

/** A request for one small server, but for what a test says otherwise. */
export function sampleRequestSpec({
  flavor,
  ...changes
}: Partial<Omit<RequestSpec, "flavor">> & { readonly flavor?: Partial<Flavor> } = {}): RequestSpec {
  return {
    reservationId: "r-sample",
    reason: "create",
    projectId: "project",
    userId: "user",
    flavor: {
      id: "1",
      name: "small",
      vcpus: 1,
      memoryMb: 512,
      rootGb: 1,
      ephemeralGb: 0,
      swapMb: 0,
      extraSpecs: {},
      ...flavor,
    },
    image: null,
    availabilityZone: null,
    forcedHost: null,
    networks: "auto",
    hints: {},
    ...changes,
  };
}

/** Hosts in all sorts of states, good and bad: whoever is asked about hosts has to cope with each. */
export function assortedHosts(): readonly HostState[] {
  return [
    sampleHost(),
    sampleHost({ host: "down", up: false }),
    sampleHost({ host: "disabled", disabled: true, disabledReason: "maintenance" }),
    sampleHost({ host: "bare", resources: {} }),
    sampleHost({ host: "full", resources: { VCPU: { total: 8, used: 8 }, MEMORY_MB: { total: 1024, used: 1024 } } }),
    sampleHost({ host: "overfull", resources: { VCPU: { total: 2, used: 8 }, MEMORY_MB: { total: 512, used: 1024 } } }),
    sampleHost({ host: "overcommitted", resources: { VCPU: { total: 8, used: 100, ratio: 16 } }, servers: 100 }),
    sampleHost({ host: "special", traits: new Set(["HW_CPU_X86_AVX2", "CUSTOM_FAST"]), failedBuilds: 3 }),
  ];
}

/** Requests of all sorts. */
export function assortedRequests(): readonly RequestSpec[] {
  return [
    sampleRequestSpec(),
    sampleRequestSpec({ flavor: { vcpus: 64, memoryMb: 1_048_576, rootGb: 0, swapMb: 1 } }),
    sampleRequestSpec({ flavor: { extraSpecs: { "trait:CUSTOM_FAST": "required", "quota:cpu_shares": "100" } } }),
    sampleRequestSpec({ image: { id: "image", minDisk: 1, minRam: 64, properties: { hw_architecture: "x86_64" } } }),
    sampleRequestSpec({
      availabilityZone: "az1",
      forcedHost: "host1",
      hints: { group: "g", query: ["=", "$host", 1] },
    }),
    sampleRequestSpec({ reason: "evacuate" }),
  ];
}
