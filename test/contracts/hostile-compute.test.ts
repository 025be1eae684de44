import { randomUUID } from "node:crypto";
import { computeNode } from "@kilonova/compute-store/testing";
import { computeNodeId } from "@kilonova/contracts";
import { isKilonovaError, RequestContext } from "@kilonova/messaging";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Clients, DRIVER, HostileComputeWorld, type KnownHost, LOCK, REACHED } from "./hostile-compute-world.js";

let world: HostileComputeWorld;
/** Whom the other asks about. Nothing of it ever changes. */
let victim: KnownHost;
let hostile: KnownHost;
beforeAll(async () => {
  world = await HostileComputeWorld.start();
  [victim, hostile] = [await world.host(), await world.host()];
});
afterAll(() => world?.stop());

// A compute may say of itself whatever it likes.
const context = new RequestContext({ projectId: "project", userId: "user", isAdmin: true, roles: ["admin"] });

interface Row {
  /** `conductor.takeOperation`, and in what way it is asked, where there are several. */
  readonly what: string;
  /** Asks about that host; `me` is who asks. */
  readonly ask: (by: Clients, it: KnownHost, me: KnownHost) => Promise<unknown>;
  /** What another host's compute gets. */
  readonly theirs: string;
  /** What that host's own compute gets: where nothing stands here, it gets what it asks for. */
  readonly mine?: string;
}

const FORBIDDEN = "rpc.forbidden";
const fault = { code: 500, message: "It failed.", details: null };
const INVENTORY = { total: 4, reserved: 0, minUnit: 1, maxUnit: 4, stepSize: 1, allocationRatio: 1 };
const giveBack = ({ serverId, step }: KnownHost) => ({
  consumerId: serverId,
  fence: step.fence + 1,
  projectId: "project",
  userId: "user",
  allocations: [],
});
const allocation = ({ serverId, step }: KnownHost, host: string) => ({
  serverId,
  projectId: "project",
  fence: step.fence + 1,
  host,
  networks: "auto" as const,
});

/** What concerns no host, or several: no compute asks for it. */
const CLOSED: readonly Row[] = (
  [
    [
      "conductor.scheduleAndBuildServers",
      (by, it) => by.conductor.scheduleAndBuildServers(context, { operationIds: [it.pendingId] }),
    ],
    ["conductor.deleteServer", (by, it) => by.conductor.deleteServer(context, { operationId: it.pendingId })],
    ["framework.listServices", (by) => by.framework.listServices(context, { topic: null })],
    [
      "placement.setAggregates",
      async (by, it) =>
        by.placement.setAggregates(context, {
          providerId: it.providerId,
          generation: await it.generation(),
          aggregates: [randomUUID()],
        }),
    ],
    ["placement.deleteProvider", (by, it) => by.placement.deleteProvider(context, { providerId: it.providerId })],
    ["placement.claimEach", (by, it) => by.placement.claimEach(context, { claims: [[giveBack(it)]] })],
    ["placement.consumers", (by, it) => by.placement.consumers(context, { consumerIds: [it.serverId], groupId: null })],
    ["placement.allocations", (by, it) => by.placement.allocations(context, { consumerIds: [it.serverId] })],
    ["placement.providers", (by) => by.placement.providers(context, { after: null, limit: 10 })],
    ["placement.changes", (by) => by.placement.changes(context, { after: 0, limit: 10 })],
    ["network.listNetworks", (by) => by.network.listNetworks(context)],
  ] satisfies readonly (readonly [string, Row["ask"]])[]
).map(([what, ask]) => ({ what, ask, theirs: FORBIDDEN, mine: FORBIDDEN }));

const OPEN: readonly Row[] = [
  {
    what: "conductor.takeOperation as that host",
    ask: (by, it) =>
      by.conductor.takeOperation(context, { operationId: it.pendingId, host: it.name, owner: "next-life" }),
    theirs: FORBIDDEN,
  },
  {
    what: "conductor.takeOperation as one's own",
    ask: (by, it, me) =>
      by.conductor.takeOperation(context, { operationId: it.pendingId, host: me.name, owner: "next-life" }),
    theirs: "notYours",
  },
  ...steps("renewOperation", (by, step) => by.conductor.renewOperation(context, step)),
  ...steps("updateServer", (by, step) =>
    by.conductor.updateServer(context, { ...step, changes: { vmState: "error" }, events: [] }),
  ),
  ...steps("finishOperation", (by, step) =>
    by.conductor.finishOperation(context, { ...step, changes: { vmState: "active" }, fault: null, events: [] }),
  ),
  ...steps("rescheduleServer", (by, step) => by.conductor.rescheduleServer(context, { ...step, fault, events: [] })),
  {
    what: "conductor.operationsOfHost",
    ask: (by, it) => by.conductor.operationsOfHost(context, { host: it.name }),
    theirs: FORBIDDEN,
  },
  {
    what: "conductor.serversOfHost",
    ask: (by, it) => by.conductor.serversOfHost(context, { host: it.name }),
    theirs: FORBIDDEN,
  },
  {
    what: "conductor.knownServers",
    ask: (by, it) => by.conductor.knownServers(context, { host: it.name, serverIds: [it.serverId] }),
    theirs: FORBIDDEN,
  },
  {
    what: "conductor.syncPowerStates as that host",
    ask: (by, it) => by.conductor.syncPowerStates(context, { host: it.name, servers: [stopped(it)] }),
    theirs: FORBIDDEN,
  },
  {
    // Servers of other hosts are passed over.
    what: "conductor.syncPowerStates as one's own",
    ask: (by, it, me) => by.conductor.syncPowerStates(context, { host: me.name, servers: [stopped(it)] }),
    theirs: "ok",
  },
  {
    what: "conductor.saveComputeNode as that host",
    ask: (by, it) => by.conductor.saveComputeNode(context, { node: { ...computeNode(it.name), id: it.providerId } }),
    theirs: FORBIDDEN,
  },
  {
    what: "conductor.saveComputeNode with that hypervisor as one's own",
    ask: (by, it, me) => {
      const id = computeNodeId(me.name, it.name);
      return by.conductor.saveComputeNode(context, { node: { ...computeNode(it.name), host: me.name, id } });
    },
    theirs: FORBIDDEN,
  },

  // Nothing of any host's is in it.
  { what: "framework.ping", ask: (by) => by.framework.ping(context), theirs: "ok" },
  {
    what: "framework.registerService on that host",
    ask: (by, it) => by.framework.registerService(context, { ...service, topic: "compute", host: it.name }),
    theirs: FORBIDDEN,
  },
  {
    what: "framework.registerService as another service",
    ask: (by, _it, me) => by.framework.registerService(context, { ...service, topic: "conductor", host: me.name }),
    theirs: FORBIDDEN,
    mine: FORBIDDEN,
  },
  {
    what: "framework.reportService",
    ask: (by, it) => by.framework.reportService(context, { id: it.serviceId }),
    theirs: FORBIDDEN,
  },
  {
    what: "framework.removeService",
    ask: (by, it) => by.framework.removeService(context, { id: it.serviceId }),
    theirs: FORBIDDEN,
  },
  {
    what: "framework.acquireLock",
    ask: (by, it) => by.framework.acquireLock(context, { name: it.lock.name, holder: "other", lease: 60_000 }),
    theirs: "held",
    mine: "held",
  },
  {
    what: "framework.renewLock",
    ask: (by, it) => by.framework.renewLock(context, { ...it.lock, lease: 60_000 }),
    theirs: "lockLost",
  },
  {
    // A lock that is not held is released: nothing happens.
    what: "framework.releaseLock",
    ask: (by, it) => by.framework.releaseLock(context, it.lock),
    theirs: "ok",
  },
  {
    what: "framework.readDriverState",
    ask: (by, it) => by.framework.readDriverState(context, { driver: DRIVER, host: it.name, key: "ids" }),
    theirs: FORBIDDEN,
  },
  {
    what: "framework.writeDriverState",
    ask: (by, it) =>
      by.framework.writeDriverState(context, { driver: DRIVER, host: it.name, key: "ids", value: 2, version: 1 }),
    theirs: FORBIDDEN,
  },

  {
    what: "placement.ensureProvider",
    ask: (by, it) => by.placement.ensureProvider(context, { id: it.providerId, name: it.name, parentId: null }),
    theirs: FORBIDDEN,
  },
  {
    what: "placement.ensureProvider below that host's",
    ask: (by, it) =>
      by.placement.ensureProvider(context, { id: randomUUID(), name: randomUUID(), parentId: it.providerId }),
    theirs: FORBIDDEN,
    mine: FORBIDDEN,
  },
  {
    what: "placement.setInventories",
    ask: async (by, it) =>
      by.placement.setInventories(context, {
        providerId: it.providerId,
        generation: await it.generation(),
        inventories: { VCPU: INVENTORY },
      }),
    theirs: FORBIDDEN,
  },
  {
    what: "placement.setTraits",
    ask: async (by, it) =>
      by.placement.setTraits(context, {
        providerId: it.providerId,
        generation: await it.generation(),
        traits: ["CUSTOM_GOLD"],
      }),
    theirs: FORBIDDEN,
  },
  {
    what: "placement.claim that gives back",
    ask: (by, it) => by.placement.claim(context, { claims: [giveBack(it)] }),
    theirs: "staleFence",
  },
  {
    what: "placement.claim that takes",
    ask: (by, it) => {
      const allocations = [{ providerId: it.providerId, resources: { VCPU: 2 } }];
      return by.placement.claim(context, { claims: [{ ...giveBack(it), allocations }] });
    },
    theirs: FORBIDDEN,
    mine: FORBIDDEN,
  },
  {
    what: "placement.consumersOf",
    ask: (by, it) => by.placement.consumersOf(context, { providerId: it.providerId }),
    theirs: FORBIDDEN,
  },

  {
    what: "network.allocateForServer as that host",
    ask: (by, it) => by.network.allocateForServer(context, allocation(it, it.name)),
    theirs: FORBIDDEN,
  },
  {
    what: "network.allocateForServer as one's own",
    ask: (by, it, me) => by.network.allocateForServer(context, allocation(it, me.name)),
    theirs: "staleFence",
  },
  {
    what: "network.deallocateForServer",
    ask: (by, it) => by.network.deallocateForServer(context, { serverId: it.serverId, fence: it.step.fence + 1 }),
    theirs: "staleFence",
  },

  {
    what: "image.getImage that all may see",
    ask: (by) => by.image.getImage(context, { imageId: world.imageIds.shared }),
    theirs: "ok",
  },
  {
    what: "image.getImage of a project that is not named",
    ask: (by) => by.image.getImage(context, { imageId: world.imageIds.foreign }),
    theirs: "imageNotFound",
    mine: "imageNotFound",
  },
  {
    what: "image.issueTicket for one that all may see",
    ask: (by) => by.image.issueTicket(context, { imageId: world.imageIds.shared }),
    theirs: "ok",
  },
  {
    what: "image.issueTicket for a project that is not named",
    ask: (by) => by.image.issueTicket(context, { imageId: world.imageIds.foreign }),
    theirs: "imageNotFound",
    mine: "imageNotFound",
  },
];

describe("whatever a compute may reach", () => {
  it("is in these tables, each method of each contract", () => {
    const methods = REACHED.flatMap(({ name, methods }) => Object.keys(methods).map((method) => `${name}.${method}`));
    const tabled = [...CLOSED, ...OPEN].map(({ what }) => what.split(" ", 1)[0]);
    expect([...new Set(tabled)].sort()).toEqual(methods.sort());
  });
});

const rows = [...CLOSED, ...OPEN].map((row) => [row.what, row] as const);

describe.each(rows)("%s", (_what, { ask, theirs, mine = "ok" }) => {
  it("answers the compute of that host", async () => {
    const host = await world.host();
    expect(await outcome(ask(host.by, host, host))).toBe(mine);
  });

  it("is refused to the compute of another host, and nothing changes", async () => {
    const before = await world.all();
    expect(await outcome(ask(hostile.by, victim, hostile))).toBe(theirs);
    expect(await world.all()).toEqual(before);
  });
});

it("a lock of computes that is let go is another compute's to take", async () => {
  const [one, other] = [await world.host(), await world.host()];
  const lock = { name: LOCK, holder: "one", lease: 60_000 };
  expect(await outcome(one.by.framework.acquireLock(context, lock))).toBe("ok");
  expect(await outcome(other.by.framework.acquireLock(context, lock))).toBe("held");
  await one.by.framework.releaseLock(context, { name: LOCK, holder: "one", fence: 1 });
  expect(await outcome(other.by.framework.acquireLock(context, lock))).toBe("ok");
});

const service = { binary: "kilonova-compute", contracts: {} };

function stopped({ serverId }: KnownHost) {
  return { serverId, vmState: "stopped" as const, powerState: "shutdown" as const };
}

/** A step of an operation, in the name of its host and in one's own. */
function steps(method: string, ask: (by: Clients, step: KnownHost["step"]) => Promise<unknown>): readonly Row[] {
  return [
    { what: `conductor.${method} as that host`, ask: (by, it) => ask(by, it.step), theirs: FORBIDDEN },
    {
      what: `conductor.${method} as one's own`,
      ask: (by, it, me) => ask(by, { ...it.step, host: me.name }),
      theirs: "stale",
    },
  ];
}

/** `ok`, a refusal's name, or an error's code. */
async function outcome(asked: Promise<unknown>): Promise<string> {
  try {
    const answer = await asked;
    return isRefusal(answer) ? answer.refusal : "ok";
  } catch (error) {
    if (isKilonovaError(error)) return error.code;
    throw error;
  }
}

function isRefusal(answer: unknown): answer is { readonly refusal: string } {
  return typeof answer === "object" && answer !== null && "refusal" in answer;
}
