import { randomUUID } from "node:crypto";
import type {
  Flavor,
  HostState,
  Inventory,
  Provider,
  RequestSpec,
  ResourceState,
  SchedulingRequest,
} from "@kilonova/plugin-api";

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
    hostIp: "192.0.2.1",
    hypervisorType: "fake",
    hypervisorVersion: 1_000_000,
    up: true,
    disabled: false,
    disabledReason: null,
    availabilityZone: "nova",
    aggregates: [],
    traits: new Set<string>(),
    servers: 0,
    ioOps: 0,
    failedBuilds: 0,
    supportedInstances: [],
    metrics: new Map<string, number>(),
    stats: {},
    numaCells: [],
    pciPools: [],
    imageProperties: new Map<string, number>(),
    ...changes,
  };
  const provider: Provider = {
    id: host.providerId,
    name: host.node,
    parentId: null,
    rootId: host.providerId,
    generation: 1,
    inventories,
    used,
    consumers: host.servers,
    traits: [...host.traits],
    aggregates: host.aggregates.map(({ uuid }) => uuid),
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

/** What a test says of a request as filters and weighers see it. */
export type SampleRequest = NonNullable<Parameters<typeof sampleRequestSpec>[0]> &
  Partial<Pick<SchedulingRequest, "resourceRequest" | "serverCount" | "serverHosts" | "groupMembers">>;

/** The same as filters and weighers see it: for one server, that knows of no other. */
export function sampleRequest({
  resourceRequest,
  serverCount = 1,
  serverHosts = new Map(),
  groupMembers = new Map(),
  ...changes
}: SampleRequest = {}): SchedulingRequest {
  const spec = sampleRequestSpec(changes);
  const { vcpus, memoryMb, rootGb } = spec.flavor;
  const amounts = { VCPU: vcpus, MEMORY_MB: memoryMb, DISK_GB: rootGb };
  const resources = Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount > 0));
  const group = { suffix: "", resources, required: [], forbidden: [], memberOf: [], notMemberOf: [], inTree: null };
  const asked = { groups: [group], groupPolicy: null, rootRequired: [], rootForbidden: [], sameSubtree: [] };
  return { ...spec, resourceRequest: resourceRequest ?? asked, serverCount, serverHosts, groupMembers };
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
    sampleHost({
      host: "grouped",
      availabilityZone: "az1",
      aggregates: [
        { id: 1, uuid: "a1", name: "one", metadata: { availability_zone: "az1", max_io_ops_per_host: "2" } },
        { id: 2, uuid: "a2", name: "two", metadata: { instance_type: "small, large", max_io_ops_per_host: "many" } },
      ],
      ioOps: 9,
      servers: 51,
    }),
    sampleHost({
      host: "described",
      supportedInstances: [{ architecture: "x86_64", hypervisorType: "kvm", vmMode: "hvm" }],
      metrics: new Map([["cpu.percent", 0.5]]),
      stats: { cpu_info: { model: "x", features: ["aes", "avx"] }, num: 3 },
      numaCells: [
        {
          id: 0,
          cpus: [0, 1],
          pinnedCpus: [2, 3],
          siblings: [
            [0, 1],
            [2, 3],
          ],
          memoryMb: 8192,
          memoryMbUsed: 0,
          cpusUsed: 0,
          cpusPinned: [],
          pages: [{ sizeKb: 2048, total: 512, used: 0 }],
        },
      ],
      pciPools: [{ vendorId: "8086", productId: "154d", numaNode: 0, deviceType: "type-PF", count: 2, tags: {} }],
      imageProperties: new Map([["os_distro=debian", 2]]),
    }),
  ];
}

/** Requests of all sorts. */
export function assortedRequests(): readonly SchedulingRequest[] {
  return [
    sampleRequest(),
    sampleRequest({ flavor: { vcpus: 64, memoryMb: 1_048_576, rootGb: 0, swapMb: 1 } }),
    sampleRequest({ flavor: { extraSpecs: { "trait:CUSTOM_FAST": "required", "quota:cpu_shares": "100" } } }),
    sampleRequest({ image: { id: "image", minDisk: 1, minRam: 64, properties: { hw_architecture: "x86_64" } } }),
    sampleRequest({
      availabilityZone: "az1",
      forcedHost: "host1",
      hints: { group: "g", query: ["=", "$host", 1] },
    }),
    sampleRequest({ reason: "evacuate" }),
    sampleRequest({ hints: { same_host: ["s1"], different_host: "s2", build_near_host_ip: "192.0.2.9", cidr: "/24" } }),
    sampleRequest({
      group: { id: "g", policy: "anti-affinity", maxServerPerHost: 1 },
      groupMembers: new Map([["p1", 1]]),
      serverHosts: new Map([["s1", "p1"]]),
    }),
    sampleRequest({ hints: { query: '["not", ["in", "$host", "a", "b"]]' }, reason: "rebuild" }),
    sampleRequest({
      flavor: {
        vcpus: 2,
        extraSpecs: {
          "capabilities:cpu_info:features": "<in> avx",
          "hw:cpu_policy": "dedicated",
          "hw:numa_nodes": "1",
          "pci_passthrough:alias": "gpu:1",
          ssd: "true",
        },
      },
      image: { id: "image", minDisk: 0, minRam: 0, properties: { os_distro: "debian", img_hv_type: "kvm" } },
    }),
  ];
}
