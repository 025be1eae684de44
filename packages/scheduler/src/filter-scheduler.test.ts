import { schedulingDecisionSchema } from "@kilonova/contracts";
import {
  HostFilter,
  type HostState,
  type HostVerdict,
  HostWeigher,
  RequestFilter,
  type RequestSpec,
  type ResourceRequestDraft,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { type SampleHost, sampleRequestSpec } from "@kilonova/plugin-testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FilterScheduler } from "./filter-scheduler.js";
import { FreeMemory, SchedulerWorld } from "./testing/scheduler-world.js";

let world: SchedulerWorld;
beforeEach(async () => {
  world = await SchedulerWorld.start();
});
afterEach(() => world.placement.close());

function memory(total: number): SampleHost {
  return { resources: { VCPU: { total: 100 }, MEMORY_MB: { total }, DISK_GB: { total: 100 } } };
}

/** Nearly all of whose memory is taken. */
const full: SampleHost = {
  resources: { VCPU: { total: 100 }, MEMORY_MB: { total: 1000, used: 900 }, DISK_GB: { total: 100 } },
};

type Ask = Parameters<FilterScheduler["selectDestinations"]>[1];
type Changes = Partial<Omit<Ask, "requestSpec">> & { readonly spec?: Parameters<typeof sampleRequestSpec>[0] };

function ask({ spec = {}, ...changes }: Changes = {}): Ask {
  return {
    requestSpec: sampleRequestSpec(spec),
    servers: [{ serverId: "server", fence: 1 }],
    alternates: 2,
    ignoredHosts: [],
    ...changes,
  };
}

async function select(changes: Changes = {}, scheduler = world.scheduler()) {
  return scheduler.selectDestinations(world.context, ask(changes));
}

async function hostsOf(changes: Changes = {}, scheduler = world.scheduler()): Promise<string[]> {
  const outcome = await select(changes, scheduler);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome));
  return outcome.value.map(({ destination }) => destination.host);
}

function servers(count: number) {
  return Array.from({ length: count }, (_, index) => ({ serverId: `server-${index}`, fence: 1 }));
}

describe("a server", () => {
  test("goes to the best host, claimed, with the next best as alternates, unclaimed", async () => {
    for (const [name, size] of [
      ["small", 1000],
      ["large", 4000],
      ["middle", 2000],
      ["tiny", 100],
    ] as const) {
      world.addHost(name, memory(size));
    }
    const outcome = await select();
    expect(outcome).toMatchObject({
      ok: true,
      value: [
        {
          serverId: "server",
          destination: {
            host: "large",
            node: "large",
            providerId: "provider-large",
            allocations: [{ providerId: "provider-large", resources: { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1 } }],
          },
          alternates: [
            { host: "middle", allocations: [{ providerId: "provider-middle" }] },
            { host: "small", allocations: [{ providerId: "provider-small" }] },
          ],
        },
      ],
    });
    expect([...world.placement.claims.keys()]).toEqual(["server"]);
    expect(world.placement.claims.get("server")).toMatchObject({ fence: 1, projectId: "project", userId: "user" });
  });

  test("gets no more alternates than asked for, nor than there may be attempts", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) world.addHost(name);
    const alternatesOf = async (alternates: number, maxAttempts: number) => {
      const outcome = await select({ alternates }, world.scheduler({ maxAttempts }));
      return outcome.ok && outcome.value[0]?.alternates.length;
    };
    expect(await alternatesOf(0, 3)).toBe(0);
    expect(await alternatesOf(1, 3)).toBe(1);
    expect(await alternatesOf(9, 3)).toBe(2);
    expect(await alternatesOf(9, 1)).toBe(0);
    expect(await alternatesOf(9, 10)).toBe(4);
  });

  test("goes to a forced host and to none other, which must pass the filters", async () => {
    world.addHost("large", memory(4000));
    world.addHost("small", memory(1000));
    world.addHost("off", { disabled: true });
    expect(await hostsOf({ spec: { forcedHost: "small" } })).toEqual(["small"]);
    expect(await select({ spec: { forcedHost: "off" } })).toMatchObject({
      refusal: "noValidHost",
      details: { reason: "No valid host was found: 1 host: 1 is disabled.", hosts: 1 },
    });
    expect(await select({ spec: { forcedHost: "moon" } })).toMatchObject({
      details: { reason: "No valid host was found: there is no host moon." },
    });
  });

  test("goes to no host that is to be ignored", async () => {
    world.addHost("large", memory(4000));
    world.addHost("small", memory(1000));
    expect(await hostsOf({ ignoredHosts: ["large"] })).toEqual(["small"]);
  });

  test("goes to one of the best `hostSubsetSize`", async () => {
    for (let index = 0; index < 6; index++) world.addHost(`h${index}`, memory(100_000 - index));
    const picked = new Set<string>();
    const scheduler = world.scheduler({ hostSubsetSize: 3 });
    for (let round = 0; round < 40; round++) {
      const [host = ""] = await hostsOf({}, scheduler);
      picked.add(host);
      world.placement.take({ consumerId: "server", fence: 1, projectId: "p", userId: "u", allocations: [] });
      await world.hosts.refresh();
    }
    expect(picked.size).toBeGreaterThan(1);
    for (const host of picked) expect(["h0", "h1", "h2"]).toContain(host);
  });
});

describe("many servers of one request", () => {
  test("spread over equal hosts, in one claim", async () => {
    for (const name of ["a", "b", "c", "d"]) world.addHost(name);
    const hosts = await hostsOf({ servers: servers(8) });
    expect(hosts.sort()).toEqual(["a", "a", "b", "b", "c", "c", "d", "d"]);
    expect(world.placement.calls.claim).toBe(1);
  });

  test("go all or none", async () => {
    world.addHost("a", memory(1024));
    world.addHost("b", memory(512));
    expect(await select({ servers: servers(4) })).toMatchObject({
      refusal: "noValidHost",
      details: {
        reason: "No valid host was found for 1 of 4 servers: 2 hosts: 2 lack 512 MB of memory.",
        hosts: 2,
        drops: [{ filter: "resources", hosts: 2, reason: "lack 512 MB of memory" }],
      },
    });
    expect(world.placement.claims.size).toBe(0);
    expect((await hostsOf({ servers: servers(3) })).sort()).toEqual(["a", "a", "b"]);
  });

  test("are filtered one after the other, as hosts fill up", async () => {
    class TwoAtMost extends HostFilter {
      override hostPasses(host: HostState) {
        return host.servers < 2 || { code: "full", words: "have two servers" };
      }
    }
    world.addHost("a");
    world.addHost("b");
    const scheduler = world.scheduler({}, [new TwoAtMost()]);
    expect((await hostsOf({ servers: servers(4) }, scheduler)).sort()).toEqual(["a", "a", "b", "b"]);
    expect(await select({ servers: [{ serverId: "one more", fence: 1 }] }, scheduler)).toMatchObject({
      details: { reason: "No valid host was found: 2 hosts: 2 have two servers." },
    });
  });
});

describe("a burst of single requests", () => {
  test("spreads over equal hosts", async () => {
    for (let index = 0; index < 10; index++) world.addHost(`h${index}`);
    const scheduler = world.scheduler();
    await scheduler.selectDestinations(world.context, ask({ servers: [{ serverId: "first", fence: 1 }] }));
    const hosts = await Promise.all(servers(20).map((server) => hostsOf({ servers: [server] }, scheduler)));
    const counts = new Map<string, number>();
    for (const [host = ""] of hosts) counts.set(host, (counts.get(host) ?? 0) + 1);
    expect(counts.size).toBe(10);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(3);
  });

  test("asks placement for nothing but the claims", async () => {
    world.addHost("a");
    const scheduler = world.scheduler();
    await hostsOf({ servers: [{ serverId: "first", fence: 1 }] }, scheduler);
    const { providers, changes } = world.placement.calls;
    for (const server of servers(5)) await hostsOf({ servers: [server] }, scheduler);
    expect(world.placement.calls).toMatchObject({ providers, changes });
    await world.clock.advance(6_000);
    await hostsOf({ servers: [{ serverId: "later", fence: 1 }] }, scheduler);
    expect(world.placement.calls.changes).toBe(changes + 1);
  });
});

describe("a claim that is refused", () => {
  test("because others were quicker makes it catch up and take the next", async () => {
    world.addHost("large", memory(2000));
    world.addHost("small", memory(1000));
    await world.hosts.refresh();
    world.takeElsewhere("large", { MEMORY_MB: 2000 });
    expect(await hostsOf()).toEqual(["small"]);
    expect(world.placement.calls.claim).toBe(2);
  });

  test("because the host is gone, too", async () => {
    world.addHost("large", memory(2000));
    world.addHost("small", memory(1000));
    await world.hosts.refresh();
    world.placement.delete("provider-large");
    expect(await hostsOf()).toEqual(["small"]);
  });

  test("again and again ends when the last host is full, with the reason as it is then", async () => {
    for (const name of ["a", "b", "c"]) world.addHost(name, memory(1000));
    world.placement.beforeClaim = ([claim]) => {
      const id = claim?.allocations[0]?.providerId ?? "";
      world.takeElsewhere(id.replace("provider-", ""), { MEMORY_MB: 1000 });
    };
    expect(await select()).toMatchObject({
      details: { reason: "No valid host was found: 3 hosts: 3 lack 512 MB of memory." },
    });
    expect(world.placement.calls.claim).toBe(3);
  });

  test("for a stale fence ends the request", async () => {
    world.addHost("a");
    world.takeElsewhere("a", {}, "server");
    world.placement.claims.set("server", {
      consumerId: "server",
      fence: 9,
      projectId: "p",
      userId: "u",
      allocations: [],
    });
    expect(await select()).toEqual({ ok: false, refusal: "staleFence", details: { serverId: "server" } });
  });

  test("is not shown afterwards; one whose fate is unknown is shown as placement tells of it, for its caller to free", async () => {
    world.addHost("a", memory(512));
    const scheduler = world.scheduler();
    let isBroken = true;
    world.placement.afterClaim = () => {
      if (!isBroken) return;
      isBroken = false;
      throw new Error("the answer was lost");
    };
    await expect(select({}, scheduler)).rejects.toMatchObject({ message: "the answer was lost" });
    const next = { servers: [{ serverId: "next", fence: 1 }] };
    expect(await select(next, scheduler)).toMatchObject({ refusal: "noValidHost" });
    world.placement.take({ consumerId: "server", fence: 2, projectId: "p", userId: "u", allocations: [] });
    expect(await hostsOf(next, scheduler)).toEqual(["a"]);
  });
});

describe("before it says that there is no host", () => {
  test("it looks whether one has come, one was freed, or one is up again", async () => {
    const held = world.addHost("a", memory(600)) && world.takeElsewhere("a", { MEMORY_MB: 600 });
    await world.hosts.refresh();
    world.placement.take({ ...held, allocations: [] });
    expect(await hostsOf()).toEqual(["a"]);
    world.addHost("b", memory(600));
    expect(await hostsOf({ servers: [{ serverId: "second", fence: 1 }] })).toEqual(["b"]);
  });

  test("it looks whether aggregates have changed by which the request is read", async () => {
    class ZoneOnly extends RequestFilter {
      override amend({ availabilityZone: zone }: RequestSpec, draft: ResourceRequestDraft) {
        const own = draft.aggregates.filter(({ metadata }) => metadata["availability_zone"] === zone);
        if (own.length === 0)
          return { code: "no-such-zone", words: `there is no zone ${zone}`, outlook: "needs" as const };
        draft.requireAggregate(own.map(({ uuid }) => uuid));
        return undefined;
      }
    }
    const scheduler = world.schedulerWith({ requestFilters: [new ZoneOnly()] });
    world.addHost("a");
    await world.hosts.refresh();
    const spec = { availabilityZone: "az1" };
    const zone = (id: number, hosts: readonly string[]) => ({
      id,
      uuid: `zone-${id}`,
      name: `zone ${id}`,
      metadata: { availability_zone: "az1" },
      hosts: [...hosts],
    });
    world.aggregates.push(zone(1, []));
    expect(await select({ spec }, scheduler)).toMatchObject({ refusal: "noValidHost" });
    world.aggregates.push(zone(2, ["a"]));
    expect(await hostsOf({ spec }, scheduler)).toEqual(["a"]);

    world.aggregates.splice(0);
    await world.hosts.refresh();
    expect(await select({ spec }, scheduler)).toMatchObject({
      details: { reason: "No valid host can be found: there is no zone az1.", hosts: 0 },
    });
    const drop = { code: "no-such-zone", words: "there is no zone az1", outlook: "needs", hosts: 1, sample: ["a"] };
    const stage = {
      plugin: "ZoneOnly",
      kind: "request-filter",
      hostsIn: 1,
      hostsOut: 0,
      milliseconds: 0,
      drops: [drop],
    };
    expect(world.decisions.at(-1)).toMatchObject({ outcome: "no-valid-host", hosts: 1, stages: [stage] });
    world.aggregates.push(zone(3, ["a"]));
    expect(await hostsOf({ spec, servers: servers(1) }, scheduler)).toEqual(["a"]);
  });

  test("it waits for claims of its own that may yet fail", async () => {
    world.addHost("a", memory(512));
    const scheduler = world.scheduler();
    await world.hosts.refresh();
    const first = ask({
      servers: [
        { serverId: "first", fence: 1 },
        { serverId: "gone", fence: 1 },
      ],
      spec: { flavor: { memoryMb: 256 } },
    });
    world.placement.claims.set("gone", { consumerId: "gone", fence: 5, projectId: "p", userId: "u", allocations: [] });
    let release = () => {};
    const isHeld = new Promise<void>((held) => {
      world.placement.beforeClaim = (claims) => {
        if (claims.length !== 2) return;
        held();
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      };
    });
    const failing = scheduler.selectDestinations(world.context, first);
    await isHeld;
    const second = hostsOf({ servers: [{ serverId: "second", fence: 1 }] }, scheduler);
    release();
    expect(await failing).toMatchObject({ refusal: "staleFence" });
    expect(await second).toEqual(["a"]);
  });

  test("it gives the reason in one sentence, each host counted once", async () => {
    for (let index = 0; index < 7; index++) world.addHost(`full${index}`, memory(100));
    for (let index = 0; index < 3; index++) world.addHost(`disabled${index}`, { disabled: true });
    for (let index = 0; index < 2; index++) world.addHost(`down${index}`, { up: false });
    expect(await select({ spec: { flavor: { memoryMb: 4096 } } })).toEqual({
      ok: false,
      refusal: "noValidHost",
      details: {
        reason: "No valid host was found: 12 hosts: 7 are too small for 4096 MB of memory, 3 are disabled, 2 are down.",
        hosts: 12,
        drops: [
          { filter: "resources", hosts: 7, reason: "are too small for 4096 MB of memory" },
          { filter: "UpFilter", hosts: 3, reason: "are disabled" },
          { filter: "UpFilter", hosts: 2, reason: "are down" },
        ],
      },
    });
    expect(world.placement.claims.size).toBe(0);
  });

  test("with no host at all it says so, and a request that nobody can read is refused in words", async () => {
    expect(await select()).toMatchObject({ details: { reason: "No valid host was found: there are no hosts." } });
    expect(await select({ spec: { flavor: { extraSpecs: { "resources:VCPU": "x" } } } })).toMatchObject({
      details: { reason: "No valid host can be found: the flavor's extra spec resources:VCPU=x is no amount." },
    });
  });
});

test.each([
  [
    "throws",
    () => {
      throw new Error("no such aggregate");
    },
    "no such aggregate",
  ],
  ["answers nonsense", () => "yes", "it answered 'yes', not true, false, or a code and words"],
  ["answers later", async () => true, "it answered Promise { true }, not true, false, or a code and words"],
])(
  "a filter that %s keeps that host out alone, is named to the user, and once a minute in the log",
  async (_, fail, words) => {
    class Broken extends HostFilter {
      override hostPasses(host: HostState): HostVerdict {
        // As a plugin in plain JavaScript may do.
        const answer: unknown = host.host === "bad" ? fail() : true;
        return answer as HostVerdict;
      }
    }
    world.addHost("bad", memory(9000));
    world.addHost("good", memory(1000));
    const scheduler = world.scheduler({}, [new Broken()]);
    expect(await hostsOf({}, scheduler)).toEqual(["good"]);
    expect(
      await select({ ignoredHosts: ["good"], servers: [{ serverId: "other", fence: 1 }] }, scheduler),
    ).toMatchObject({
      details: { reason: expect.stringContaining(`1 is kept out by Broken, which fails: ${words}`) },
    });
    expect(world.complaints).toEqual(["the filter Broken fails"]);
    await world.clock.advance(60_000);
    await select({ servers: [{ serverId: "third", fence: 1 }] }, scheduler);
    expect(world.complaints).toEqual(["the filter Broken fails", "the filter Broken fails"]);
  },
);

test("a filter that answers false has its name for a reason", async () => {
  class Never extends HostFilter {
    override hostPasses(): boolean {
      return false;
    }
  }
  world.addHost("h1");
  expect(await select({}, world.scheduler({}, [new Never()]))).toMatchObject({
    details: { reason: "No valid host was found: 1 host: 1 is dropped by Never." },
  });
});

test("a weigher that fails counts nothing on that host, and is named in the log", async () => {
  class Broken extends HostWeigher {
    override readonly weight = 1;

    override weigh(host: HostState): number {
      if (host.host === "large") throw new Error("no such file");
      return host.host === "middle" ? Number.NaN : 1;
    }
  }
  for (const [name, size] of [
    ["small", 1000],
    ["middle", 2000],
    ["large", 3000],
  ] as const)
    world.addHost(name, memory(size));
  expect(await hostsOf({}, world.scheduler({}, undefined, [new FreeMemory(), new Broken()]))).toEqual(["large"]);
  expect(world.complaints).toEqual(["the weigher Broken fails"]);
});

describe("a member of a server group", () => {
  const group = (policy: "affinity" | "anti-affinity" | "soft-affinity", maxServerPerHost = 1) => ({
    spec: { group: { id: "group", policy, maxServerPerHost } },
  });

  /** As the filter of that name does: its own package is not to be had here. */
  class AntiAffinity extends HostFilter {
    override readonly seesServers = true;
    override hostPasses(host: HostState, { group: rule, groupMembers }: SchedulingRequest): HostVerdict {
      if (rule?.policy !== "anti-affinity") return true;
      const members = groupMembers.get(host.providerId) ?? 0;
      return members < rule.maxServerPerHost || { code: "member", words: "have a member of the group" };
    }
  }

  test("goes where the others are not: those of the same request, too, and those that were claimed elsewhere", async () => {
    for (const name of ["a", "b", "c"]) world.addHost(name);
    const scheduler = world.scheduler({}, [new AntiAffinity()]);
    const first = await hostsOf({ ...group("anti-affinity"), servers: servers(2) }, scheduler);
    const [third] = await hostsOf({ ...group("anti-affinity"), servers: [{ serverId: "third", fence: 1 }] }, scheduler);
    expect([...first, third].sort()).toEqual(["a", "b", "c"]);
    expect(
      await select({ ...group("anti-affinity"), servers: [{ serverId: "fourth", fence: 1 }] }, scheduler),
    ).toMatchObject({ details: { reason: "No valid host was found: 3 hosts: 3 have a member of the group." } });
  });

  test("that placement finds to be one too many goes elsewhere, though no filter of the chain looks at groups", async () => {
    world.addHost("large", memory(4000));
    world.addHost("small", memory(1000));
    expect(await hostsOf({ ...group("anti-affinity"), servers: [{ serverId: "one", fence: 1 }] })).toEqual(["large"]);
    const outcome = await select({ ...group("anti-affinity"), servers: [{ serverId: "two", fence: 1 }] });
    expect(outcome).toMatchObject({ ok: true, value: [{ destination: { host: "small" } }] });
  });

  test("finds no host in words, though no filter of the chain looks at groups, where each has as many as it may", async () => {
    world.addHost("a");
    await hostsOf({ ...group("anti-affinity"), servers: [{ serverId: "one", fence: 1 }] });
    expect(await select({ ...group("anti-affinity"), servers: [{ serverId: "two", fence: 1 }] })).toMatchObject({
      details: {
        reason: "No valid host was found: 1 host: 1 has as many members of the group as may be on one host.",
      },
    });
    world.addHost("b");
    expect(
      await hostsOf({
        ...group("affinity"),
        spec: { group: { id: "other", policy: "affinity", maxServerPerHost: 1 } },
        servers: servers(2),
      }),
    ).toHaveLength(2);
  });

  test("asks placement where the others are; who is in no group asks nothing", async () => {
    world.addHost("a");
    await hostsOf({ servers: [{ serverId: "alone", fence: 1 }] });
    expect(world.placement.calls.consumers).toBe(0);
    await hostsOf({ ...group("soft-affinity"), servers: [{ serverId: "member", fence: 1 }] });
    expect(world.placement.calls.consumers).toBe(1);
  });

  test("is no fellow of its own when it is placed anew", async () => {
    world.addHost("a");
    const scheduler = world.scheduler({}, [new AntiAffinity()]);
    const same = { ...group("anti-affinity"), servers: [{ serverId: "same", fence: 1 }] };
    expect(await hostsOf(same, scheduler)).toEqual(["a"]);
    expect(await hostsOf(same, scheduler)).toEqual(["a"]);
  });
});

describe("what was decided", () => {
  test("is recorded for a server that was placed: the funnel, the scores, where it went, and by which chain", async () => {
    world.addHost("large", memory(4000));
    world.addHost("middle", memory(2000));
    world.addHost("small", memory(1000));
    world.addHost("full", full);
    world.addHost("off", { disabled: true });
    await hostsOf();
    expect(world.decisions).toHaveLength(1);
    expect(world.decisions[0]).toMatchObject({
      outcome: "placed",
      message: null,
      profile: "default",
      scheduler: "control",
      serverIds: ["server"],
      hosts: 5,
      shared: false,
      stages: [
        {
          plugin: "resources",
          hostsIn: 5,
          hostsOut: 4,
          drops: [{ code: "no-room", words: "lack 512 MB of memory", outlook: "not-now", hosts: 1, sample: ["full"] }],
        },
        {
          plugin: "UpFilter",
          hostsIn: 4,
          hostsOut: 3,
          drops: [{ code: "disabled", words: "are disabled", hosts: 1, sample: ["off"] }],
        },
      ],
      scores: [
        { host: "large", weights: [{ weigher: "FreeMemory", raw: 4000, normalised: 1, multiplier: 1 }] },
        { host: "middle" },
        { host: "small", score: 0 },
      ],
      selections: [{ serverId: "server", host: "large", alternates: ["middle", "small"] }],
      claims: { attempts: 1, refused: [] },
    });
    expect(schedulingDecisionSchema.safeParse(world.decisions[0]).success).toBe(true);
  });

  test("is recorded for one that found none, one that has a newer owner, and one whose claim failed", async () => {
    world.addHost("full", full);
    await select();
    expect(world.decisions.at(-1)).toMatchObject({
      outcome: "no-valid-host",
      message: "No valid host was found: 1 host: 1 lacks 512 MB of memory.",
      selections: [],
    });
    world.addHost("a");
    world.placement.claims.set("server", {
      consumerId: "server",
      fence: 9,
      projectId: "p",
      userId: "u",
      allocations: [],
    });
    await select();
    expect(world.decisions.at(-1)).toMatchObject({ outcome: "stale-fence", claims: { attempts: 1 } });
    world.placement.beforeClaim = () => {
      throw new Error("out of order");
    };
    await expect(select({ servers: [{ serverId: "next", fence: 1 }] })).rejects.toThrow("out of order");
    expect(world.decisions.at(-1)).toMatchObject({ outcome: "failed", message: "out of order" });
  });

  test("names where claims were refused", async () => {
    world.addHost("large", memory(2000));
    world.addHost("small", memory(1000));
    await world.hosts.refresh();
    world.takeElsewhere("large", { MEMORY_MB: 2000 });
    await hostsOf();
    expect(world.decisions.at(-1)).toMatchObject({ claims: { attempts: 2, refused: ["large"] } });
  });

  test("says of a request that equals the one before that it shared its evaluation", async () => {
    for (const name of ["a", "b", "c"]) world.addHost(name);
    const scheduler = world.scheduler();
    for (const server of servers(3)) await hostsOf({ servers: [server] }, scheduler);
    expect(world.decisions.map(({ shared }) => shared)).toEqual([false, true, true]);
  });
});

describe("a dry run", () => {
  test("says where servers would go and why not elsewhere, and claims nothing", async () => {
    world.addHost("large", memory(4000));
    world.addHost("small", full);
    const scheduler = world.scheduler();
    const decision = await scheduler.dryRun(world.context, ask({ servers: servers(2) }));
    expect(decision).toMatchObject({
      outcome: "dry-run",
      message: null,
      selections: [{ host: "large" }, { host: "large" }],
      stages: [{ plugin: "resources", drops: [{ words: "lack 512 MB of memory", sample: ["small"] }] }, {}],
    });
    expect(world.placement.calls.claim).toBe(0);
    expect(world.decisions).toEqual([]);
    expect(await scheduler.dryRun(world.context, ask({ servers: servers(9) }))).toMatchObject({
      message: "No valid host was found for 2 of 9 servers: 2 hosts: 2 lack 512 MB of memory.",
    });
  });

  test("of a request that no host can serve names who says so", async () => {
    world.addHost("a");
    class NoZone extends RequestFilter {
      override amend() {
        return { code: "no-such-zone", words: "there is no availability zone az9" };
      }
    }
    const scheduler = world.schedulerWith({ requestFilters: [new NoZone()] });
    expect(await scheduler.dryRun(world.context, ask())).toMatchObject({
      message: "No valid host can be found: there is no availability zone az9.",
      hosts: 1,
      stages: [
        { plugin: "NoZone", kind: "request-filter", hostsIn: 1, hostsOut: 0, drops: [{ code: "no-such-zone" }] },
      ],
    });
  });
});

test("a chain that is made anew is asked anew, though its plugins are called as those before", async () => {
  class Only extends HostFilter {
    constructor(private readonly name: string) {
      super();
    }
    override hostPasses({ host }: HostState): boolean {
      return host === this.name;
    }
  }
  for (const name of ["a", "b"]) world.addHost(name);
  const chains = world.chainsOf({ filters: [new Only("a")] });
  const scheduler = world.schedulerOf(chains);
  const [one, two, three] = servers(3);
  const placed = (server = { serverId: "none", fence: 1 }) => hostsOf({ servers: [server] }, scheduler);
  expect(await placed(one)).toEqual(["a"]);
  expect(await placed(two)).toEqual(["a"]);
  chains.replace(world.chainSetOf({ filters: [new Only("b")] }));
  expect(await placed(three)).toEqual(["b"]);
});

describe("profiles", () => {
  class Prefers extends HostWeigher {
    override readonly weight = 10;
    constructor(private readonly name: string) {
      super();
    }
    override weigh(host: HostState): number {
      return host.host === this.name ? 1 : 0;
    }
  }

  test("decide by chains of their own, each request by its own", async () => {
    for (const name of ["a", "b", "c"]) world.addHost(name);
    const scheduler = world.schedulerWith({
      weighers: [new Prefers("a")],
      profiles: { gpu: { weighers: [new Prefers("b")], flavors: ["gpu"] }, last: { weighers: [new Prefers("c")] } },
    });
    const placed = async (serverId: string, spec: Changes["spec"]) =>
      hostsOf({ servers: [{ serverId, fence: 1 }], ...(spec ? { spec } : {}) }, scheduler);
    expect(await placed("s1", {})).toEqual(["a"]);
    expect(await placed("s2", { flavor: { name: "gpu" } })).toEqual(["b"]);
    expect(await placed("s3", { hints: { scheduler_profile: "last" } })).toEqual(["c"]);
    expect(world.decisions.map(({ profile }) => profile)).toEqual(["default", "gpu", "last"]);
    expect(
      await select(
        { spec: { hints: { scheduler_profile: "none" } }, servers: [{ serverId: "s4", fence: 1 }] },
        scheduler,
      ),
    ).toMatchObject({ details: { reason: "No valid host can be found: there is no scheduler profile none." } });
  });
});

describe("a request for one host", () => {
  test("named by itself goes there or nowhere, by host, by hypervisor, or by both", async () => {
    world.addHost("large", memory(4000));
    world.addHost("small", memory(1000));
    const destination = (host: string | null, node: string | null) => ({ requestedDestination: { host, node } });
    expect(await hostsOf({ spec: destination("small", null) })).toEqual(["small"]);
    const next = { servers: [{ serverId: "next", fence: 1 }] };
    const spec = { ...destination(null, "small"), flavor: { memoryMb: 256 } };
    expect(await hostsOf({ spec, ...next })).toEqual(["small"]);
    expect(await select({ spec: destination("large", "small") })).toMatchObject({
      details: { reason: "No valid host was found: there is no hypervisor small on host large." },
    });
    expect(await select({ spec: destination(null, "moon") })).toMatchObject({
      details: { reason: "No valid host was found: there is no hypervisor moon." },
    });
  });

  test("that the zone names passes the filters, unless the operator wants it as it was in Nova", async () => {
    world.addHost("off", { disabled: true });
    const forced = { spec: { forcedHost: "off" } };
    expect((await select(forced)).ok).toBe(false);
    expect(await hostsOf(forced, world.scheduler({ forcedHostsSkipFilters: true }))).toEqual(["off"]);
    const asked = { spec: { requestedDestination: { host: "off", node: null } } };
    expect((await select(asked, world.scheduler({ forcedHostsSkipFilters: true }))).ok).toBe(false);
  });
});

describe("the reason that is given for asking", () => {
  class Rebuilt extends HostFilter {
    override readonly runsOnRebuild = true;
    override hostPasses(_host: HostState, { image }: SchedulingRequest): HostVerdict {
      return image?.properties["bad"] === undefined || { code: "bad-image", words: "cannot run the image" };
    }
  }
  class Never extends HostFilter {
    override hostPasses(): boolean {
      return false;
    }
  }
  const image = (properties: Record<string, string>) => ({ id: "image", minDisk: 0, minRam: 0, properties });

  test("rebuild: a full host keeps its server, no claim is made, and only filters that look at images are asked", async () => {
    world.addHost("full", memory(100));
    const scheduler = world.scheduler({}, [new Never(), new Rebuilt()]);
    const spec = { reason: "rebuild" as const, requestedDestination: { host: "full", node: null } };
    expect(await select({ spec }, scheduler)).toMatchObject({
      ok: true,
      value: [{ destination: { host: "full", allocations: [] } }],
    });
    expect(await select({ spec: { ...spec, image: image({ bad: "yes" }) } }, scheduler)).toMatchObject({
      details: { reason: "No valid host was found: 1 host: 1 cannot run the image." },
    });
    expect(world.placement.calls.claim).toBe(0);
  });

  test.each(["create", "resize", "migrate", "live-migrate", "evacuate", "unshelve"] as const)(
    "%s: another host is claimed, and the record says why it was asked",
    async (reason) => {
      world.addHost("source", memory(4000));
      world.addHost("other", memory(1000));
      expect(await hostsOf({ spec: { reason }, ignoredHosts: ["source"] })).toEqual(["other"]);
      expect(world.decisions).toMatchObject([{ reason, stages: [{ drops: [{ words: "are to be left out" }] }, {}] }]);
    },
  );
});

test("resources that other providers of the host's tree have are asked of them, and claimed there", async () => {
  const root = world.addHost("a");
  const inventory = { total: 4, reserved: 0, minUnit: 1, maxUnit: 4, stepSize: 1, allocationRatio: 1 };
  for (const [index, trait] of ["CUSTOM_LEFT", "CUSTOM_RIGHT"].entries()) {
    world.placement.set({
      ...root,
      id: `gpu${index}`,
      name: `gpu${index}`,
      parentId: root.id,
      rootId: root.id,
      inventories: { VGPU: inventory },
      used: {},
      traits: [trait],
    });
  }
  const extraSpecs = { "resources1:VGPU": "2", "trait1:CUSTOM_RIGHT": "required" };
  expect(await select({ spec: { flavor: { extraSpecs } } })).toMatchObject({
    ok: true,
    value: [
      {
        destination: {
          providerId: root.id,
          allocations: expect.arrayContaining([{ providerId: "gpu1", resources: { VGPU: 2 } }]),
        },
      },
    ],
  });
  const none = { "resources1:VGPU": "2", "trait1:CUSTOM_NOPE": "required" };
  expect(
    await select({ spec: { flavor: { extraSpecs: none } }, servers: [{ serverId: "next", fence: 1 }] }),
  ).toMatchObject({ details: { reason: "No valid host was found: 1 host: 1 lacks the trait CUSTOM_NOPE." } });
});
