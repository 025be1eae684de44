import { HostFilter, type HostState, type HostVerdict, HostWeigher } from "@kilonova/plugin-api";
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

  test("goes to no host that is to be ignored, nor to another zone", async () => {
    world.addHost("large", memory(4000));
    world.addHost("small", memory(1000));
    expect(await hostsOf({ ignoredHosts: ["large"] })).toEqual(["small"]);
    expect(await hostsOf({ spec: { availabilityZone: "nova" } })).toEqual(["large"]);
    expect(await select({ spec: { availabilityZone: "az2" } })).toMatchObject({
      details: { reason: "No valid host was found: 2 hosts: 2 are outside zone az2." },
    });
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

  test("is not shown afterwards, nor is one whose fate is unknown, which is taken back", async () => {
    world.addHost("a", memory(512));
    const scheduler = world.scheduler();
    let isBroken = true;
    world.placement.afterClaim = () => {
      if (!isBroken) return;
      isBroken = false;
      throw new Error("the answer was lost");
    };
    await expect(select({}, scheduler)).rejects.toMatchObject({ message: "the answer was lost" });
    expect(world.placement.claims.get("server")).toMatchObject({ allocations: [] });
    expect(await hostsOf({ servers: [{ serverId: "next", fence: 1 }] }, scheduler)).toEqual(["a"]);
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
        reason: "No valid host was found: 12 hosts: 7 lack 4096 MB of memory, 3 are disabled, 2 are down.",
        hosts: 12,
        drops: [
          { filter: "resources", hosts: 7, reason: "lack 4096 MB of memory" },
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
    override multiplier(): number {
      return 1;
    }
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
