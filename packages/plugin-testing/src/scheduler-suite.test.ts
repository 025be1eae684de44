import {
  type Claims,
  type Destination,
  type HostState,
  type HostStates,
  ok,
  type RequestContext,
  refused,
  SchedulerDriver,
  type SelectDestinations,
  type SelectedDestinations,
  type ServerClaim,
} from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { type MakeScheduler, schedulerSuite } from "./scheduler-suite.js";
import { failingNames } from "./testing/failing-checks.js";

/** Takes the first hosts that have room. What is wrong with one is said by what it overrides. */
class FirstHosts extends SchedulerDriver {
  constructor(
    protected readonly hosts: HostStates,
    protected readonly placement: Claims,
  ) {
    super();
  }

  override async selectDestinations(context: RequestContext, args: SelectDestinations): Promise<SelectedDestinations> {
    for (let tries = 0; tries < 5; tries++) {
      const plan = this.plan(args);
      if (!plan) return this.noHost();
      const claims = plan.map((host, index) => claimOn(host, args, index));
      const refusal = await this.claim(context, args, claims);
      if (!refusal) {
        return ok(
          claims.map(({ serverId, destination }, index) => ({
            serverId,
            destination,
            alternates: this.alternates(args, plan[index]),
          })),
        );
      }
      if (refusal.refusal === "staleFence") return refused("staleFence", { serverId: refusal.serverId });
      await this.hosts.refresh(context);
    }
    return this.noHost();
  }

  protected plan(args: SelectDestinations): readonly HostState[] | undefined {
    const slots = this.open(args).flatMap((host) => Array.from({ length: roomOn(host, args) }, () => host));
    return slots.length < args.servers.length ? undefined : slots.slice(0, args.servers.length);
  }

  protected open({ ignoredHosts, requestSpec: { forcedHost } }: SelectDestinations): readonly HostState[] {
    return this.hosts
      .all()
      .filter(({ host }) => !ignoredHosts.includes(host) && (forcedHost === null || host === forcedHost));
  }

  protected alternates(args: SelectDestinations, chosen: HostState | undefined): Destination[] {
    const others = this.open(args).filter((host) => host !== chosen && host.providerId !== chosen?.providerId);
    return others.slice(0, args.alternates).map((host) => destinationOn(host, args));
  }

  protected claim(context: RequestContext, { requestSpec }: SelectDestinations, claims: readonly ServerClaim[]) {
    return this.placement.claim(context, requestSpec, claims);
  }

  protected noHost(): SelectedDestinations {
    const hosts = this.hosts.all().length;
    return refused("noValidHost", { reason: "No valid host was found: none has room.", hosts, drops: [] });
  }
}

function resourcesOf({ requestSpec: { flavor } }: SelectDestinations): Record<string, number> {
  const disk = flavor.rootGb + flavor.ephemeralGb + Math.ceil(flavor.swapMb / 1024);
  const all = { VCPU: flavor.vcpus, MEMORY_MB: flavor.memoryMb, DISK_GB: disk };
  return Object.fromEntries(Object.entries(all).filter(([, amount]) => amount > 0));
}

function roomOn({ resources }: HostState, args: SelectDestinations): number {
  const rooms = Object.entries(resourcesOf(args)).map(([name, amount]) => {
    const { capacity, used } = resources.get(name) ?? { capacity: 0, used: 0 };
    return Math.max(0, Math.floor((capacity - used) / amount));
  });
  return Math.min(...rooms);
}

function destinationOn({ host, node, providerId }: HostState, args: SelectDestinations): Destination {
  return { host, node, providerId, allocations: [{ providerId, resources: resourcesOf(args) }] };
}

function claimOn(host: HostState, args: SelectDestinations, index: number): ServerClaim {
  const { serverId = "", fence = 0 } = args.servers[index] ?? {};
  return { serverId, fence, destination: destinationOn(host, args) };
}

class Unclaimed extends FirstHosts {
  protected override async claim() {
    return undefined;
  }
}

class OneByOne extends FirstHosts {
  protected override async claim(context: RequestContext, args: SelectDestinations, claims: readonly ServerClaim[]) {
    for (const claim of claims) {
      const refusal = await super.claim(context, args, [claim]);
      if (refusal) return refusal;
    }
    return undefined;
  }
}

class Ignorant extends FirstHosts {
  protected override open(args: SelectDestinations): readonly HostState[] {
    return super.open({ ...args, ignoredHosts: [] });
  }
}

class Wordless extends FirstHosts {
  protected override noHost(): SelectedDestinations {
    return refused("noValidHost", { reason: "", hosts: 0, drops: [] });
  }
}

class Generous extends FirstHosts {
  protected override alternates(args: SelectDestinations, chosen: HostState | undefined): Destination[] {
    return super.alternates({ ...args, alternates: 9 }, chosen);
  }
}

class Once extends FirstHosts {
  protected override async claim(context: RequestContext, args: SelectDestinations, claims: readonly ServerClaim[]) {
    const refusal = await super.claim(context, args, claims);
    if (refusal) throw new Error(`claim refused: ${refusal.refusal}`);
    return undefined;
  }
}

type Strategy = new (hosts: HostStates, claims: Claims) => SchedulerDriver;

function made(Class: Strategy): MakeScheduler {
  return ({ hosts, claims }) => new Class(hosts, claims);
}

describe("the scheduler suite", () => {
  for (const check of schedulerSuite(made(FirstHosts))) it(`passes a good strategy: ${check.name}`, check.run);

  it.each<[string, Strategy, readonly string[]]>([
    [
      "claims nothing",
      Unclaimed,
      [
        "a server goes to a host that there is, claimed before the answer",
        "it claims what the flavor takes, of the host alone",
        "many servers of one request each get a host",
        "all or none: where there is no room for one, nothing is claimed",
        "a host that is to be ignored is neither chosen nor an alternate",
        "a server that is forced to a host goes there or nowhere",
        "alternates are other hosts, each once, no more than asked for, and not claimed",
        "whatever is asked, whatever the hosts are like, the answer is what the contract says",
        "requests at the same time each get theirs",
        "where others are quicker, it catches up and takes another host",
        "where others are always quicker, it ends, if only by its deadline",
        "a server that has a newer owner is left to it",
        "a claim that fails is no answer: its failure is",
      ],
    ],
    ["claims one by one", OneByOne, ["a server that has a newer owner is left to it"]],
    [
      "takes hosts that are to be ignored",
      Ignorant,
      ["a host that is to be ignored is neither chosen nor an alternate"],
    ],
    [
      "names too many alternates",
      Generous,
      ["alternates are other hosts, each once, no more than asked for, and not claimed"],
    ],
    [
      "refuses without words",
      Wordless,
      [
        "all or none: where there is no room for one, nothing is claimed",
        "where there is no host, it says so in words",
        "where all hosts are full, it says so in words",
        "a host that is to be ignored is neither chosen nor an alternate",
        "a server that is forced to a host goes there or nowhere",
        "whatever is asked, whatever the hosts are like, the answer is what the contract says",
        "where others are always quicker, it ends, if only by its deadline",
      ],
    ],
    [
      "gives up when it is refused",
      Once,
      [
        "requests at the same time each get theirs",
        "where others are quicker, it catches up and takes another host",
        "a server that has a newer owner is left to it",
      ],
    ],
  ])("fails one that %s", async (_, Class, names) => {
    expect(await failingNames(schedulerSuite(made(Class)))).toEqual(names);
  });
});
