import { setImmediate as turn } from "node:timers/promises";
import { HostFilter, type HostState, type SchedulingRequest } from "@kilonova/plugin-api";
import { sampleRequestSpec } from "@kilonova/plugin-testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FilterScheduler } from "../filter-scheduler.js";
import { SchedulerWorld } from "../testing/scheduler-world.js";

let world: SchedulerWorld;
let scheduler: FilterScheduler;
beforeEach(async () => {
  world = await SchedulerWorld.start();
  scheduler = world.scheduler({ shuffleBestSameWeighedHosts: false }, [new Together()]);
});
afterEach(() => world.placement.close());

/** As affinity goes: it has nothing against any host as long as there is no member. */
class Together extends HostFilter {
  override readonly seesServers = true;

  override concerns({ group, groupMembers }: SchedulingRequest): boolean {
    return group?.policy === "affinity" && groupMembers.size > 0;
  }

  override hostPasses({ providerId }: HostState, { groupMembers }: SchedulingRequest): boolean {
    return groupMembers.has(providerId);
  }
}

const AFFINITY = { id: "group", policy: "affinity", maxServerPerHost: 1 } as const;
const PINNED = { "hw:cpu_policy": "dedicated" };

function addHost(name: string, resources: Readonly<Record<string, number>>): void {
  const all = { VCPU: 100, DISK_GB: 100, MEMORY_MB: 4_096, ...resources };
  world.addHost(name, {
    resources: Object.fromEntries(Object.entries(all).map(([resourceClass, total]) => [resourceClass, { total }])),
  });
}

type Spec = NonNullable<Parameters<typeof sampleRequestSpec>[0]>;

/** Servers of 512 MB, unless the spec says something else. @returns their hosts, or why there are none */
async function hostsOf(servers: readonly string[], spec: Spec = {}): Promise<readonly string[] | string> {
  const outcome = await scheduler.selectDestinations(world.context, {
    requestSpec: sampleRequestSpec(spec),
    servers: servers.map((serverId) => ({ serverId, fence: 1 })),
    alternates: 0,
    ignoredHosts: [],
  });
  if (outcome.ok) return outcome.value.map(({ destination }) => destination.host);
  return "reason" in outcome.details ? outcome.details.reason : outcome.refusal;
}

/** Asks for a server whose claim stays on its way until it is let go, and is refused then. */
async function contest(serverId: string, spec: Spec = {}): Promise<{ readonly letGo: () => Promise<void> }> {
  const { placement } = world;
  placement.claims.set(serverId, { consumerId: serverId, fence: 9, projectId: "p", userId: "u", allocations: [] });
  const before = placement.beforeClaim;
  let release = () => {};
  let ended: Promise<unknown> = Promise.resolve();
  await new Promise<void>((resolve) => {
    placement.beforeClaim = async (claims) => {
      await before(claims);
      if (claims[0]?.consumerId !== serverId) return;
      resolve();
      await new Promise<void>((go) => {
        release = go;
      });
    };
    ended = hostsOf([serverId], spec);
  });
  return {
    letGo: async () => {
      release();
      expect(await ended).toBe("staleFence");
    },
  };
}

test("who finds no room but what a claim may yet give back waits for it, and for no claim that came later", async () => {
  addHost("a", { MEMORY_MB: 512 });
  addHost("b", { MEMORY_MB: 512 });
  const doomed = await contest("doomed", { forcedHost: "a" });
  const waiting = hostsOf(["waiting"], { forcedHost: "a" });
  await turn();
  const later = await contest("later", { forcedHost: "b" });
  await doomed.letGo();
  expect(await waiting).toEqual(["a"]);
  await later.letGo();
});

test.each<[string, readonly string[], Spec]>([
  ["what it could give back is too little", ["1", "2", "3", "4", "5", "6"], {}],
  ["it lies on another host than the one that is named", ["1"], { forcedHost: "full" }],
  [
    "it lies on another host than the one that is asked for",
    ["1"],
    { requestedDestination: { host: "full", node: null } },
  ],
  ["hosts lack something else", ["1"], { flavor: { rootGb: 1_000 } }],
])("nobody waits for a claim where %s", async (_, servers, spec) => {
  addHost("full", { MEMORY_MB: 100 });
  addHost("roomy", { MEMORY_MB: 2_048 });
  const doomed = await contest("doomed");
  expect(await hostsOf(servers, spec)).toContain("No valid host was found");
  await doomed.letGo();
});

test.each<[string, readonly string[], Spec]>([
  ["several", ["1", "2", "3", "4"], {}],
  ["several that are to be on one host", ["1", "2", "3", "4"], { group: AFFINITY }],
  ["one that asks in two ways", ["1"], { flavor: { vcpus: 2, extraSpecs: PINNED, rootGb: 99 } }],
])("%s wait for a claim that may give back what they lack", async (_, servers, spec) => {
  addHost("narrow", { MEMORY_MB: 512, DISK_GB: 10 });
  addHost("roomy", { MEMORY_MB: 2_048, PCPU: 2, VCPU: 4 });
  const doomed = await contest("doomed", {
    forcedHost: "roomy",
    flavor: { rootGb: 2, extraSpecs: { "resources:PCPU": "1" } },
  });
  const waiting = hostsOf(servers, spec);
  await turn();
  await doomed.letGo();
  const hosts = await waiting;
  expect(hosts).toHaveLength(servers.length);
  expect(hosts).toContain("roomy");
});

test("what a contested provider is said to have does not take it out of its host's aggregates", async () => {
  addHost("a", {});
  world.aggregates.push({ id: 1, uuid: "rack", name: "rack", metadata: {}, hosts: ["a"] });
  await world.hosts.refresh();
  const doomed = await contest("doomed");
  expect(world.mirror.contested()).toMatchObject([{ id: "provider-a", aggregates: ["rack"], used: {} }]);
  await doomed.letGo();
});

test("servers that are to be on one host go to one that takes all of them, be others better for the first", async () => {
  addHost("large", { MEMORY_MB: 8_192, DISK_GB: 2 });
  addHost("small", { MEMORY_MB: 2_048 });
  addHost("tiny", { MEMORY_MB: 1_024 });
  expect(await hostsOf(["1", "2", "3"], { group: AFFINITY })).toEqual(["small", "small", "small"]);
  const tooMany = await hostsOf(["4", "5", "6"], { group: { ...AFFINITY, id: "other" } });
  expect(tooMany).toMatch(/^No valid host was found for 1 of 3 servers: 3 hosts: /);
  expect(world.placement.calls.claim).toBe(1);
});

test("servers that are to be on one host stay together, however much others attract the next", async () => {
  for (const name of ["a", "b", "c"]) addHost(name, {});
  const hosts = await hostsOf(["1", "2", "3"], { group: AFFINITY });
  expect(new Set(hosts).size).toBe(1);
  expect(world.placement.calls.claim).toBe(1);
});
