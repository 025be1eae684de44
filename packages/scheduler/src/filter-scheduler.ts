import { hasRoom, type ResourceRequest, withTaken } from "@kilonova/candidates";
import type { Destination, Selection } from "@kilonova/contracts";
import { ok, type RequestContext, refused } from "@kilonova/messaging";
import {
  CLAIMS,
  CLOCK,
  type Claims,
  type Clock,
  drivers,
  type HostFilter,
  type HostState,
  type HostWeigher,
  inject,
  LOGGER,
  type Logger,
  type Options,
  options,
  SchedulerDriver,
  type SelectDestinations,
  type SelectedDestinations,
} from "@kilonova/plugin-api";
import { type Bounds, countDrops, Filtering } from "./filtering.js";
import { HOST_TABLE, type HostTable } from "./host-table.js";
import { noValidHostReason, roomVerdicts } from "./no-valid-host.js";
import { schedulerOptions } from "./options.js";
import { PluginFailures } from "./plugin-failures.js";
import { Ranking } from "./ranking.js";
import { resourceRequestOf } from "./resource-request.js";

/** Milliseconds for a request whose caller sets no deadline. */
const PATIENCE = 60_000;
/** Among how many of the best a host is picked at most, after so many refused claims. */
const WIDEST = 64;

/** So often it waits for claims of others in this process that may yet fail, before it says that there is no host. */
const MOST_WAITS = 20;

/** What is asked, read once. */
interface Task {
  readonly args: SelectDestinations;
  readonly request: ResourceRequest;
  readonly bounds: Bounds;
}

/** Hosts as one request has changed them by what it takes. */
type Imagined = ReadonlyMap<string, HostState>;

/** Where the servers would go; fewer than asked where hosts ran out. */
interface Plan {
  readonly selections: readonly Selection[];
  readonly imagined: Imagined;
}

/**
 * Takes the hosts that have room, drops those that a filter refuses, weighs the rest and claims the best. What others
 * claim meanwhile shows as a refused claim: then it catches up and plans anew.
 */
export class FilterScheduler extends SchedulerDriver {
  readonly #failures: PluginFailures;
  readonly #filtering: Filtering;

  constructor(
    @inject(HOST_TABLE) private readonly hosts: HostTable,
    @inject(CLAIMS) private readonly claims: Claims,
    @drivers("scheduler.filters") filters: readonly HostFilter[],
    @drivers("scheduler.weighers") private readonly weighers: readonly HostWeigher[],
    @options(schedulerOptions) private readonly settings: Options<typeof schedulerOptions>,
    @inject(LOGGER) logger: Logger,
    @inject(CLOCK) clock: Clock,
  ) {
    super();
    this.#failures = new PluginFailures(logger, clock);
    this.#filtering = new Filtering(filters, this.#failures);
  }

  override async selectDestinations(asked: RequestContext, args: SelectDestinations): Promise<SelectedDestinations> {
    const context = asked.timeLeft() === undefined ? asked.within(PATIENCE) : asked;
    const request = resourceRequestOf(args.requestSpec);
    if ("problem" in request) {
      return refused("noValidHost", { reason: `No valid host can be found: ${request.problem}.`, hosts: 0, drops: [] });
    }
    const task: Task = { args, request, bounds: this.#boundsOf(args) };
    await this.hosts.ensureFresh(this.settings.mirrorMaxAge);
    for (let refusals = 0, waits = 0, isFresh = false; ; ) {
      context.throwIfExpired();
      const plan = this.#plan(task, refusals);
      if (plan.selections.length < args.servers.length) {
        if (isFresh && (waits++ >= MOST_WAITS || !this.#mayBeRoom(task))) return this.#noValidHost(task, plan);
        await this.hosts.mirror.landed();
      } else {
        const refusal = await this.#claim(context, task, plan);
        if (!refusal) return ok([...plan.selections]);
        if (refusal.refusal === "staleFence") return refused("staleFence", { serverId: refusal.serverId });
        refusals++;
      }
      await this.hosts.refresh();
      isFresh = true;
    }
  }

  #boundsOf(args: SelectDestinations): Bounds {
    const { defaultAvailabilityZone } = this.settings;
    return { ignoredHosts: new Set(args.ignoredHosts), defaultAvailabilityZone };
  }

  #claim(context: RequestContext, { args }: Task, { selections }: Plan) {
    const fences = new Map(args.servers.map(({ serverId, fence }) => [serverId, fence]));
    return this.claims.claim(
      context,
      args.requestSpec,
      selections.map(({ serverId, destination }) => ({ serverId, fence: fences.get(serverId) ?? 0, destination })),
    );
  }

  #plan(task: Task, refusals: number): Plan {
    const { args, request, bounds } = task;
    const passed = this.hosts
      .candidates(request)
      .filter(({ host }) => isMeant(host, task) && !this.#filtering.verdict(host, args.requestSpec, bounds));
    const random = this.settings.shuffleBestSameWeighedHosts ? Math.random : undefined;
    const ranking = new Ranking(
      passed.map(({ host }) => host),
      this.weighers,
      args.requestSpec,
      this.#failures,
      random,
    );
    const allocations = new Map(passed.map((each) => [each.host.providerId, each.allocations]));
    const destinationOf = (host: HostState): Destination => ({
      host: host.host,
      node: host.node,
      providerId: host.providerId,
      allocations: [...(allocations.get(host.providerId) ?? [])],
    });

    const imagined = new Map<string, HostState>();
    const chosen: HostState[] = [];
    // Who was refused looks further: others are at the very best as well.
    const width = Math.max(this.settings.hostSubsetSize, Math.min(2 ** refusals, WIDEST));
    while (chosen.length < args.servers.length && ranking.size > 0) {
      const best = ranking.best(width);
      const pick = best[Math.floor(Math.random() * best.length)];
      if (!pick) break;
      chosen.push(pick.host);
      const after = this.hosts.imagine(pick.host, withTaken(pick.host.provider, request.resources));
      imagined.set(after.providerId, after);
      const isOpen = hasRoom(after.provider, request) && !this.#filtering.verdict(after, args.requestSpec, bounds);
      if (isOpen) ranking.replace(pick.index, after);
      else ranking.remove(pick.index);
    }

    const alternates = Math.min(args.alternates, this.settings.maxAttempts - 1);
    const next = alternates > 0 ? ranking.best(alternates + 1).map(({ host }) => host) : [];
    const selections = args.servers.slice(0, chosen.length).flatMap(({ serverId }, index) => {
      const host = chosen[index];
      if (!host) return [];
      const others = next.filter((other) => other.providerId !== host.providerId).slice(0, alternates);
      return [{ serverId, destination: destinationOf(host), alternates: others.map(destinationOf) }];
    });
    return { selections, imagined };
  }

  /** True where a host could be had but for claims of this process that may yet fail. */
  #mayBeRoom(task: Task): boolean {
    const { args, request, bounds } = task;
    return this.hosts.mirror.contested().some((provider) => {
      const host = this.hosts.get(provider.id);
      if (!host || !isMeant(host, task) || !hasRoom(provider, request)) return false;
      // With room for one even so, it was looked at and is not what is missing.
      if (args.servers.length === 1 && hasRoom(host.provider, request)) return false;
      return !this.#filtering.verdict(this.hosts.imagine(host, provider), args.requestSpec, bounds);
    });
  }

  #noValidHost(task: Task, { selections, imagined }: Plan): SelectedDestinations {
    const { args, request, bounds } = task;
    const { forcedHost } = args.requestSpec;
    const hosts = this.hosts
      .all()
      .filter((host) => isMeant(host, task))
      .map((host) => imagined.get(host.providerId) ?? host);
    if (hosts.length === 0 && forcedHost !== null) {
      return refused("noValidHost", {
        reason: `No valid host was found: there is no host ${forcedHost}.`,
        hosts: 0,
        drops: [],
      });
    }
    const roomy = hosts.filter((host) => hasRoom(host.provider, request));
    const drops = countDrops([
      ...roomVerdicts(hosts, request),
      ...roomy.flatMap((host) => this.#filtering.verdict(host, args.requestSpec, bounds) ?? []),
    ]);
    const count = args.servers.length;
    const lead =
      selections.length === 0
        ? "No valid host was found"
        : `No valid host was found for ${count - selections.length} of ${count} servers`;
    return refused("noValidHost", { reason: noValidHostReason(hosts.length, drops, lead), hosts: hosts.length, drops });
  }
}

/** True unless the request names another host. */
function isMeant(host: HostState, { args }: Task): boolean {
  const { forcedHost } = args.requestSpec;
  return forcedHost === null || host.host === forcedHost;
}
