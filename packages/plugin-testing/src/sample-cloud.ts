import type {
  Allocation,
  Claims,
  HostState,
  HostStates,
  RequestContext,
  RequestSpec,
  ServerClaim,
} from "@kilonova/plugin-api";
import { type SampleHost, sampleHost } from "./sample-host.js";

/**
 * A cloud as a scheduling strategy sees it: hosts, and claims on them. What another scheduler takes meanwhile refuses the
 * claims that it leaves no room for, and shows in the host states once they are refreshed, as it does with placement.
 */
export class SampleCloud {
  /** Its hosts: `HOST_STATES`. */
  readonly hosts: HostStates = {
    all: () => [...this.#seen.values()],
    refresh: async () => {
      await turn();
      this.refreshes += 1;
      for (const [id, host] of this.#real) this.#seen.set(id, host);
    },
  };
  /** Claims on them: `CLAIMS`. */
  readonly claims: Claims = {
    claim: (_context: RequestContext, _request: RequestSpec, claims: readonly ServerClaim[]) => this.#claim(claims),
  };
  /** Called before each claim is looked at: here a test takes what is to be claimed. */
  beforeClaim: (claims: readonly ServerClaim[]) => void = () => {};
  /** Others are always quicker: each claim is refused, and the next look shows room again. */
  isUnlucky = false;
  /** How often the host states were refreshed. */
  refreshes = 0;
  /** How often something was claimed, or tried to be. */
  attempts = 0;

  /** As placement knows them, by provider. */
  readonly #real = new Map<string, HostState>();
  /** As the strategy sees them. */
  readonly #seen = new Map<string, HostState>();
  readonly #claimed = new Map<string, ServerClaim>();
  readonly #newestFences = new Map<string, number>();

  /** @param idle the names of its first hosts */
  constructor(...idle: readonly string[]) {
    for (const host of idle) this.addHost({ host, node: host });
  }

  addHost(sample: SampleHost): void {
    this.add(sampleHost(sample));
  }

  add(host: HostState): void {
    this.#real.set(host.providerId, host);
    this.#seen.set(host.providerId, host);
  }

  /** What servers have claimed, by their ids. */
  get claimed(): ReadonlyMap<string, ServerClaim> {
    return this.#claimed;
  }

  /** Another scheduler takes all that is left of a host. */
  fill(name: string): void {
    for (const host of this.#real.values()) {
      if (host.host !== name) continue;
      const left = [...host.resources].map(([resource, { capacity, used }]) => [resource, capacity - used] as const);
      this.#real.set(host.providerId, withTaken(host, Object.fromEntries(left)));
    }
  }

  /** A newer owner has the server: claims under a lower fence are refused. */
  overtake(serverId: string, fence: number): void {
    this.#newestFences.set(serverId, fence);
  }

  async #claim(claims: readonly ServerClaim[]): ReturnType<Claims["claim"]> {
    // A claim is a call: others go on meanwhile.
    await turn();
    this.attempts += 1;
    this.beforeClaim(claims);
    const [first] = claims;
    if (this.isUnlucky && first) return { serverId: first.serverId, refusal: "noCapacity" };
    const after = new Map(this.#real);
    for (const { serverId, fence, destination } of claims) {
      if (fence < (this.#newestFences.get(serverId) ?? 0)) return { serverId, refusal: "staleFence" };
      const before = this.#claimed.get(serverId)?.destination.allocations ?? [];
      if (!take(after, before, -1) || !take(after, destination.allocations, 1)) {
        return { serverId, refusal: "noCapacity" };
      }
    }
    for (const claim of claims) {
      // What is claimed shows at once, what others took does not.
      take(this.#seen, this.#claimed.get(claim.serverId)?.destination.allocations ?? [], -1, false);
      take(this.#seen, claim.destination.allocations, 1, false);
      this.#claimed.set(claim.serverId, structuredClone(claim));
      this.#newestFences.set(claim.serverId, claim.fence);
    }
    for (const [id, host] of after) this.#real.set(id, host);
    return undefined;
  }
}

/** @returns false where there is no such host, or it has no room */
function take(
  hosts: Map<string, HostState>,
  allocations: readonly Allocation[],
  sign: 1 | -1,
  isBounded = sign > 0,
): boolean {
  for (const { providerId, resources } of allocations) {
    const host = hosts.get(providerId);
    if (!host) return false;
    const signed = Object.fromEntries(Object.entries(resources).map(([name, amount]) => [name, sign * amount]));
    const after = withTaken(host, signed);
    if (isBounded && !hasRoom(after, Object.keys(resources))) return false;
    hosts.set(providerId, after);
  }
  return true;
}

function hasRoom({ resources }: HostState, names: readonly string[]): boolean {
  return names.every((name) => {
    const state = resources.get(name);
    return state !== undefined && state.used <= state.capacity;
  });
}

/** A host from which so much more is taken; from what it has none of, nothing is. */
function withTaken(host: HostState, taken: Readonly<Record<string, number>>): HostState {
  const resources = new Map(host.resources);
  const used = { ...host.provider.used };
  for (const [name, amount] of Object.entries(taken)) {
    const state = resources.get(name);
    if (state) resources.set(name, { ...state, used: state.used + amount });
    used[name] = (used[name] ?? 0) + amount;
  }
  const generation = host.provider.generation + 1;
  return { ...host, resources, provider: { ...host.provider, used, generation } };
}

/** Whatever else is ready gets its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
