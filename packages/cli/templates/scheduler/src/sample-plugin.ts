import {
  CLAIMS,
  type Claims,
  type Destination,
  freeOf,
  HOST_STATES,
  type HostState,
  type HostStates,
  inject,
  type Options,
  ok,
  optionGroup,
  options,
  type RequestContext,
  refused,
  SchedulerDriver,
  type SelectDestinations,
  type SelectedDestinations,
  type Selection,
} from "@kilonova/plugin-api";
import { z } from "zod";
import { type Amounts, amountsOf } from "./amounts.js";

/** The options of this strategy. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    attempts: z
      .number()
      .int()
      .positive()
      .default(10)
      .describe("How often other hosts are tried where somebody else was quicker to claim the first."),
  }),
);

/** A server goes to any host that has room, at random. */
export class SamplePlugin extends SchedulerDriver {
  constructor(
    @inject(HOST_STATES) private readonly hosts: HostStates,
    @inject(CLAIMS) private readonly claims: Claims,
    @options(samplePluginOptions) private readonly settings: Options<typeof samplePluginOptions>,
  ) {
    super();
  }

  /**
   * A host for each server, claimed under the server's fence; all of them or none. The hosts are a picture of a moment
   * ago: where a claim is refused, somebody else took the room, and others are tried.
   */
  override async selectDestinations(context: RequestContext, asked: SelectDestinations): Promise<SelectedDestinations> {
    let plan = this.#plan(asked);
    for (let attempt = 0; attempt < this.settings.attempts; attempt++) {
      context.throwIfExpired();
      if (plan) {
        const refusal = await this.#claim(context, asked, plan);
        if (!refusal) return ok(plan);
        if (refusal.refusal === "staleFence") return refused("staleFence", { serverId: refusal.serverId });
      }
      await this.hosts.refresh(context);
      const next = this.#plan(asked);
      // Twice without a plan, the second time with fresh hosts: there is no room.
      if (!plan && !next) break;
      plan = next;
    }
    const hosts = this.hosts.all().length;
    return refused("noValidHost", {
      reason: `No valid host was found: none of ${hosts} hosts has room for what is asked.`,
      hosts,
      drops: [],
    });
  }

  #claim(context: RequestContext, { requestSpec, servers }: SelectDestinations, plan: readonly Selection[]) {
    const fences = new Map(servers.map(({ serverId, fence }) => [serverId, fence]));
    const wanted = plan.map(({ serverId, destination }) => ({
      serverId,
      fence: fences.get(serverId) ?? 0,
      destination,
    }));
    return this.claims.claim(context, requestSpec, wanted);
  }

  /** Where the servers would go; undefined where there is not room for all. */
  #plan({ requestSpec, servers, alternates, ignoredHosts }: SelectDestinations): Selection[] | undefined {
    const amounts = amountsOf(requestSpec);
    const room = new Map<HostState, number>();
    for (const host of this.hosts.all()) {
      const isMeant = requestSpec.forcedHost === null || requestSpec.forcedHost === host.host;
      if (isMeant && host.up && !host.disabled && !ignoredHosts.includes(host.host)) {
        room.set(host, serversThatFit(host, amounts));
      }
    }
    const taken: HostState[] = [];
    for (const _server of servers) {
      const host = anyOf(hostsWithRoom(room));
      if (!host) return undefined;
      room.set(host, (room.get(host) ?? 0) - 1);
      taken.push(host);
    }
    return servers.flatMap(({ serverId }, index) => {
      const host = taken[index];
      if (!host) return [];
      const others = shuffled(hostsWithRoom(room).filter((other) => other !== host)).slice(0, alternates);
      const destinationOf = (to: HostState) => destinationOn(to, amounts);
      return [{ serverId, destination: destinationOf(host), alternates: others.map(destinationOf) }];
    });
  }
}

function destinationOn({ host, node, providerId }: HostState, amounts: Amounts): Destination {
  return { host, node, providerId, allocations: [{ providerId, resources: { ...amounts } }] };
}

function serversThatFit(host: HostState, amounts: Amounts): number {
  const fits = Object.entries(amounts).map(([name, amount]) => Math.floor(freeOf(host, name) / amount));
  return Math.min(...fits);
}

function hostsWithRoom(room: ReadonlyMap<HostState, number>): HostState[] {
  return [...room].filter(([, servers]) => servers >= 1).map(([host]) => host);
}

function anyOf(hosts: readonly HostState[]): HostState | undefined {
  return hosts[Math.floor(Math.random() * hosts.length)];
}

function shuffled(hosts: readonly HostState[]): HostState[] {
  return hosts
    .map((host) => ({ host, rank: Math.random() }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ host }) => host);
}
