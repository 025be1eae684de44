import {
  CLAIMS,
  type Claims,
  type Destination,
  type Drop,
  HOST_STATES,
  type HostState,
  type HostStates,
  inject,
  ok,
  type RequestContext,
  refused,
  SchedulerDriver,
  type SelectDestinations,
  type SelectedDestinations,
  type Selection,
} from "@kilonova/plugin-api";
import { shuffled } from "./shuffled.js";
import { hasRoom, type Resources, unknownWish, wantedResources } from "./wanted-resources.js";

/** After so many claims that somebody else was quicker to make, it gives up. */
const MOST_REFUSALS = 10;
/** The zone of hosts that are in none. */
const DEFAULT_ZONE = "nova";

/** What is asked, read once. */
interface Task {
  readonly args: SelectDestinations;
  readonly wanted: Resources;
}

/** Takes any host that is up, is enabled and has room; filters and weighers are not asked. */
export class ChanceScheduler extends SchedulerDriver {
  constructor(
    @inject(HOST_STATES) private readonly hosts: HostStates,
    @inject(CLAIMS) private readonly claims: Claims,
  ) {
    super();
  }

  // #region select
  override async selectDestinations(context: RequestContext, args: SelectDestinations): Promise<SelectedDestinations> {
    const wish = unknownWish(args.requestSpec);
    if (wish !== undefined) return noHost(`this scheduler does not know how to find ${wish}`);
    const task: Task = { args, wanted: wantedResources(args.requestSpec) };
    let isFresh = false;
    for (let refusals = 0; refusals < MOST_REFUSALS; ) {
      context.throwIfExpired();
      const selections = draw(this.hosts.all(), task);
      if (selections) {
        const refusal = await this.#claim(context, args, selections);
        if (!refusal) return ok(selections);
        if (refusal.refusal === "staleFence") return refused("staleFence", { serverId: refusal.serverId });
        refusals++;
      } else if (isFresh) return explained(this.hosts.all(), task);
      // What others took meanwhile, or gave back, shows after that.
      await this.hosts.refresh(context);
      isFresh = true;
    }
    return noHost("others were quicker, again and again");
  }
  // #endregion

  #claim(context: RequestContext, { requestSpec, servers }: SelectDestinations, selections: readonly Selection[]) {
    const fences = new Map(servers.map(({ serverId, fence }) => [serverId, fence]));
    return this.claims.claim(
      context,
      requestSpec,
      selections.map(({ serverId, destination }) => ({ serverId, fence: fences.get(serverId) ?? 0, destination })),
    );
  }
}

/** A host for each server, and others in case the build fails there; undefined where there are not enough. */
function draw(hosts: readonly HostState[], task: Task): Selection[] | undefined {
  const { args, wanted } = task;
  const open = hosts.filter((host) => obstacle(host, task) === undefined);
  const taken = new Map<HostState, number>();
  const selections: Selection[] = [];
  for (const { serverId } of args.servers) {
    const [host, ...others] = shuffled(open).filter((each) => hasRoom(each, wanted, 1 + (taken.get(each) ?? 0)));
    if (!host) return undefined;
    taken.set(host, 1 + (taken.get(host) ?? 0));
    const alternates = others.slice(0, args.alternates).map((other) => destinationOn(other, wanted));
    selections.push({ serverId, destination: destinationOn(host, wanted), alternates });
  }
  return selections;
}

function destinationOn({ host, node, providerId }: HostState, resources: Resources): Destination {
  return { host, node, providerId, allocations: [{ providerId, resources: { ...resources } }] };
}

/** Why a host takes none of the servers, as it goes on after "hosts"; undefined for one that does. */
function obstacle(host: HostState, { args, wanted }: Task): string | undefined {
  const { forcedHost, availabilityZone } = args.requestSpec;
  if (forcedHost !== null && host.host !== forcedHost) return "are not the one that is asked for";
  if (args.ignoredHosts.includes(host.host)) return "are to be left out";
  if (availabilityZone !== null && availabilityZone !== DEFAULT_ZONE) return `are outside zone ${availabilityZone}`;
  if (!host.up) return "are down";
  if (host.disabled) return "are disabled";
  return hasRoom(host, wanted, 1) ? undefined : "have no room";
}

/** The refusal, with the obstacles in words and counts. */
function explained(hosts: readonly HostState[], task: Task): SelectedDestinations {
  const counts = new Map<string, number>();
  for (const host of hosts) {
    const reason = obstacle(host, task) ?? "have no room for all";
    counts.set(reason, 1 + (counts.get(reason) ?? 0));
  }
  const drops = [...counts].map(([reason, count]) => ({ filter: "ChanceScheduler", hosts: count, reason }));
  const words = drops.map(({ hosts: count, reason }) => `${count} of ${hosts.length} hosts ${reason}`);
  return noHost(words.length === 0 ? "there are no hosts" : words.join(", "), hosts.length, drops);
}

function noHost(words: string, hosts = 0, drops: readonly Drop[] = []): SelectedDestinations {
  return refused("noValidHost", { reason: `No valid host was found: ${words}.`, hosts, drops: [...drops] });
}
