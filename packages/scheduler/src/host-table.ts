import { type Candidate, capacityOf, type ResourceRequest, usedAt } from "@kilonova/candidates";
import type { ComputeNode, Provider, ServiceRecord } from "@kilonova/contracts";
import {
  type HostState,
  type HostStates,
  type ResourceState,
  type ServiceGroupDriver,
  type Token,
  token,
} from "@kilonova/plugin-api";
import { NextRun } from "./next-run.js";
import type { ProviderMirror } from "./provider-mirror.js";

/** What the scheduler has to know of a hypervisor. Its id is that of the host's root provider. */
export type Hypervisor = Pick<
  ComputeNode,
  "id" | "host" | "hypervisorHostname" | "hypervisorType" | "hypervisorVersion"
>;

/** Who is there, read in the background. */
export interface HostSource {
  hypervisors(): Promise<readonly Hypervisor[]>;
  /** The records of compute services. */
  services(): Promise<readonly ServiceRecord[]>;
}

/** A host that has room, and what a server would take of it. */
export interface HostCandidate {
  readonly host: HostState;
  readonly allocations: Candidate["allocations"];
}

interface KnownHost {
  readonly hypervisor: Hypervisor;
  readonly service: ServiceRecord;
  readonly up: boolean;
}

/**
 * The hosts of the cloud: placement's mirror joined with hypervisors and services. A host's state is made when it is
 * first looked at and kept until something of it changes.
 */
export class HostTable implements HostStates {
  readonly #known = new Map<string, KnownHost>();
  readonly #states = new Map<string, HostState>();
  readonly #reload = new NextRun(() => this.#readHosts());
  #isRead = false;

  constructor(
    readonly mirror: ProviderMirror,
    private readonly source: HostSource,
    private readonly group: ServiceGroupDriver,
  ) {
    mirror.onChange = (id) => this.#states.delete(id);
  }

  all(): readonly HostState[] {
    return [...this.#known.keys()].flatMap((id) => this.get(id) ?? []);
  }

  /** The host of a root provider. */
  get(providerId: string): HostState | undefined {
    const cached = this.#states.get(providerId);
    if (cached) return cached;
    const known = this.#known.get(providerId);
    const provider = this.mirror.index.get(providerId);
    if (!known || !provider) return undefined;
    const state = stateOf(known, provider);
    this.#states.set(providerId, state);
    return state;
  }

  /** The hosts that have room. */
  candidates(request: ResourceRequest): HostCandidate[] {
    return this.mirror.index.candidates(request).flatMap(({ root, allocations }) => {
      const host = this.get(root.id);
      return host ? { host, allocations } : [];
    });
  }

  /** A host's state were its provider like that. */
  imagine(host: HostState, provider: Provider): HostState {
    return { ...host, ...ofProvider(provider) };
  }

  /** Catches up where what is known is older than that, or was never read. */
  async ensureFresh(maxAge: number): Promise<void> {
    await Promise.all([
      this.mirror.age > maxAge ? this.mirror.catchUp() : undefined,
      this.#isRead ? undefined : this.#reload.ask(),
    ]);
  }

  /** Catches up with all that happened before the call. */
  async refresh(): Promise<void> {
    await Promise.all([this.mirror.catchUp(), this.#reload.ask()]);
  }

  /** Reads hypervisors and services again. */
  reload(): Promise<void> {
    return this.#reload.ask();
  }

  async #readHosts(): Promise<void> {
    const [hypervisors, services] = await Promise.all([this.source.hypervisors(), this.source.services()]);
    const byHost = new Map(services.map((service) => [service.host, service]));
    this.#known.clear();
    this.#states.clear();
    for (const hypervisor of hypervisors) {
      const service = byHost.get(hypervisor.host);
      if (service) this.#known.set(hypervisor.id, { hypervisor, service, up: this.group.isUp(service) });
    }
    this.#isRead = true;
  }
}

/** The table, for strategies in the box; others are given it as `HOST_STATES`. */
export const HOST_TABLE: Token<HostTable> = token("host-table");

function stateOf({ hypervisor, service, up }: KnownHost, provider: Provider): HostState {
  return {
    host: hypervisor.host,
    node: hypervisor.hypervisorHostname,
    hypervisorType: hypervisor.hypervisorType,
    hypervisorVersion: hypervisor.hypervisorVersion,
    up,
    disabled: service.disabled,
    disabledReason: service.disabledReason,
    // Computes do not tell of failed builds yet.
    failedBuilds: 0,
    ...ofProvider(provider),
  };
}

function ofProvider(provider: Provider) {
  const resources = new Map<string, ResourceState>();
  for (const [resourceClass, inventory] of Object.entries(provider.inventories)) {
    const capacity = Math.floor(capacityOf(inventory));
    resources.set(resourceClass, { total: inventory.total, used: usedAt(provider, resourceClass), capacity });
  }
  return {
    providerId: provider.id,
    resources,
    traits: new Set(provider.traits),
    servers: provider.consumers,
    provider,
  };
}
