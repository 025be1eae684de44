import type { SchedulingDecision } from "@kilonova/contracts";

export const SERVER = "0c7a1b3e-8f6e-4f0e-9d1c-2b3a4c5d6e7f";
const OTHER = "1d8b2c4f-8f6e-4f0e-9d1c-2b3a4c5d6e7f";

function weights(memory: number, memoryShare: number, cpus: number, cpuShare: number) {
  return [
    { weigher: "RAMWeigher", raw: memory, normalised: memoryShare, multiplier: 1 },
    { weigher: "CPUWeigher", raw: cpus, normalised: cpuShare, multiplier: 0.5 },
    { weigher: "DiskWeigher", raw: 40, normalised: 0, multiplier: 1 },
    { weigher: "IoOpsWeigher", raw: 0, normalised: 0, multiplier: -1 },
  ];
}

/** Two servers of one request that found their places. */
export const PLACED: SchedulingDecision = {
  id: "c3a1f0de-0000-4000-8000-000000000001",
  at: "2026-03-01T12:34:56.789Z",
  scheduler: "controller1",
  requestId: "req-5f0c62c4-7d0f-4a58-8a0e-6a3b6a7f0f11",
  reason: "create",
  projectId: "aaaaaaaa000040008000000000000001",
  userId: "user-1",
  serverIds: [SERVER, OTHER],
  requestSpec: {
    reservationId: "r-1",
    reason: "create",
    projectId: "aaaaaaaa000040008000000000000001",
    userId: "user-1",
    flavor: {
      id: "2",
      name: "m1.small",
      vcpus: 1,
      memoryMb: 4096,
      rootGb: 20,
      ephemeralGb: 0,
      swapMb: 0,
      extraSpecs: {},
    },
    image: { id: "1badcafe-0000-4000-8000-000000000001", minDisk: 0, minRam: 0, properties: {} },
    availabilityZone: "az2",
    forcedHost: null,
    networks: "none",
    hints: { group: "web", query: "[]" },
  },
  resourceRequest: null,
  profile: "default",
  outcome: "placed",
  message: null,
  hosts: 12,
  stages: [
    {
      plugin: "RequireTenantAggregate",
      kind: "request-filter",
      hostsIn: 12,
      hostsOut: 12,
      milliseconds: 0.02,
      drops: [],
    },
    {
      plugin: "resources",
      kind: "resources",
      hostsIn: 12,
      hostsOut: 5,
      milliseconds: 0.314,
      drops: [
        {
          code: "no-memory",
          words: "lack 4096 MB of memory",
          outlook: "not-now",
          hosts: 7,
          sample: ["host3", "host4", "host5"],
        },
      ],
    },
    {
      plugin: "ComputeFilter",
      kind: "filter",
      hostsIn: 5,
      hostsOut: 3,
      milliseconds: 0.1,
      drops: [
        { code: "disabled", words: "are disabled", outlook: "needs", hosts: 1, sample: ["host10"] },
        { code: "down", words: "are down", outlook: "not-now", hosts: 1, sample: ["host11"] },
      ],
    },
    { plugin: "AvailabilityZoneFilter", kind: "filter", hostsIn: 3, hostsOut: 3, milliseconds: 0.004, drops: [] },
  ],
  weigherTimes: { CPUWeigher: 0.1, RAMWeigher: 0.25, DiskWeigher: 0.05, IoOpsWeigher: 0.01 },
  scores: [
    { host: "host1", node: "host1.rack2.example.org", score: 1.5, weights: weights(16_384, 1, 12, 1) },
    { host: "host2", node: "host2", score: 0.625, weights: weights(10_240, 0.5, 8, 0.25) },
    { host: "host9", node: "host9", score: 0, weights: weights(4096, 0, 6.5, 0) },
  ],
  selections: [
    { serverId: SERVER, host: "host1", node: "host1.rack2.example.org", alternates: ["host2", "host9"] },
    { serverId: OTHER, host: "host2", node: "host2", alternates: ["host9"] },
  ],
  claims: { attempts: 3, refused: ["host8", "host8"] },
  milliseconds: 3.456,
  shared: true,
  chain: "4f1c9a0b7e21",
  sequence: 4711,
};

/** One server that found none. */
export const REFUSED: SchedulingDecision = {
  ...PLACED,
  id: "c3a1f0de-0000-4000-8000-000000000002",
  serverIds: [SERVER],
  outcome: "no-valid-host",
  message:
    "No valid host was found: 12 hosts: 7 lack 4096 MB of memory, 1 is disabled, 1 is down, 3 are outside zone az2.",
  stages: PLACED.stages.map((stage) =>
    stage.plugin === "AvailabilityZoneFilter"
      ? {
          ...stage,
          hostsOut: 0,
          drops: [
            {
              code: "zone",
              words: "are outside zone az2",
              outlook: "never" as const,
              hosts: 3,
              sample: ["host1", "host2", "host9"],
            },
          ],
        }
      : stage,
  ),
  weigherTimes: {},
  scores: [],
  selections: [],
  claims: { attempts: 0, refused: [] },
  shared: false,
  sequence: null,
  trimmed: ["samples of dropped hosts", "scores but the best 3"],
};
