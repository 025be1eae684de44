import type { Claim, Provider, SchedulingDecision, ServiceRecord } from "@kilonova/contracts";
import { RequestContext } from "@kilonova/messaging";
import {
  HostFilter,
  type HostState,
  type HostVerdict,
  HostWeigher,
  type Options,
  ServiceGroupDriver,
  silentLogger,
} from "@kilonova/plugin-api";
import { FakeClock, type SampleHost, sampleHost } from "@kilonova/plugin-testing";
import { type ChainSet, Chains } from "../chain/chains.js";
import { PlacementClaims } from "../claims/placement-claims.js";
import { FilterScheduler } from "../filter-scheduler.js";
import { HostTable } from "../hosts/host-table.js";
import type { AggregateOfHosts, Hypervisor } from "../hosts/known-host.js";
import { ProviderMirror } from "../hosts/provider-mirror.js";
import { schedulerOptions } from "../options.js";
import { FakePlacement } from "./fake-placement.js";
import { type GivenPlugins, givenChainSet } from "./given-chains.js";

/** Passes hosts that are enabled and up. */
class UpFilter extends HostFilter {
  override hostPasses(host: HostState): HostVerdict {
    if (host.disabled) return { code: "disabled", words: "are disabled" };
    return host.up || { code: "down", words: "are down" };
  }
}

/** Prefers hosts with more free memory. */
export class FreeMemory extends HostWeigher {
  override readonly weight = 1;

  override signature(): string {
    return "";
  }

  override weigh(host: HostState): number {
    const memory = host.resources.get("MEMORY_MB");
    return memory ? memory.capacity - memory.used : 0;
  }
}

class Group extends ServiceGroupDriver {
  override async join(): Promise<void> {}
  override async leave(): Promise<void> {}
  override isUp(record: ServiceRecord): boolean {
    return !record.forcedDown;
  }
}

/** A scheduler on a placement in memory, and hosts that a test adds. For tests. */
export class SchedulerWorld {
  readonly placement = new FakePlacement();
  readonly clock = new FakeClock();
  readonly hypervisors: Hypervisor[] = [];
  readonly services: ServiceRecord[] = [];
  readonly aggregates: AggregateOfHosts[] = [];
  /** What was decided, in order. */
  readonly decisions: SchedulingDecision[] = [];
  readonly mirror = new ProviderMirror(this.placement.client, this.clock, silentLogger);
  readonly hosts = new HostTable(
    this.mirror,
    {
      hypervisors: async () => [...this.hypervisors],
      services: async () => [...this.services],
      aggregates: async () => [...this.aggregates],
      ioOps: async () => new Map(),
      imageProperties: async () => new Map(),
    },
    new Group(),
    { defaultAvailabilityZone: "nova", needsImageProperties: () => false },
  );
  readonly claims = new PlacementClaims(this.placement.client, this.mirror);
  readonly context = RequestContext.admin();
  /** Errors that schedulers of it logged. */
  readonly complaints: string[] = [];

  static async start(): Promise<SchedulerWorld> {
    const world = new SchedulerWorld();
    await world.placement.listen();
    return world;
  }

  scheduler(
    settings: Partial<Options<typeof schedulerOptions>> = {},
    filters: readonly HostFilter[] = [new UpFilter()],
    weighers: readonly HostWeigher[] = [new FreeMemory()],
  ): FilterScheduler {
    return this.schedulerWith({ filters, weighers }, settings);
  }

  /** A scheduler whose chains are made of these plugins. */
  schedulerWith(plugins: GivenPlugins, settings: Partial<Options<typeof schedulerOptions>> = {}): FilterScheduler {
    return this.schedulerOf(this.chainsOf(plugins), settings);
  }

  chainsOf(plugins: GivenPlugins): Chains {
    return new Chains(this.chainSetOf(plugins));
  }

  chainSetOf(plugins: GivenPlugins): ChainSet {
    const logger = { ...silentLogger, error: (_: unknown, message: string) => void this.complaints.push(message) };
    return givenChainSet(plugins, { logger, clock: this.clock, rules: plugins.rules });
  }

  /** A scheduler with chains that a test may replace. */
  schedulerOf(chains: Chains, settings: Partial<Options<typeof schedulerOptions>> = {}): FilterScheduler {
    const all = { ...schedulerOptions.schema.parse({}), ...settings };
    const keeper = { record: (decision: SchedulingDecision) => void this.decisions.push(decision) };
    return new FilterScheduler(this.hosts, this.claims, this.placement.client, chains, keeper, all, "control");
  }

  /** Adds a host, as its compute would make it known. */
  addHost(name: string, sample: SampleHost = {}): Provider {
    const { provider, up, disabled } = sampleHost({
      ...sample,
      host: name,
      node: name,
      providerId: `provider-${name}`,
    });
    this.placement.set(provider);
    const hypervisor = { id: provider.id, host: name, hypervisorHostname: name };
    this.hypervisors.push({
      ...hypervisor,
      hypervisorType: "fake",
      hypervisorVersion: 1,
      hostIp: "192.0.2.1",
      cpuInfo: {},
      facts: {},
      failedBuilds: sample.failedBuilds ?? 0,
      changedAt: "2030-01-01T00:00:00.000Z",
    });
    this.services.push({
      id: `service-${name}`,
      binary: "kilonova-compute",
      topic: "compute",
      host: name,
      contracts: {},
      disabled,
      disabledReason: null,
      forcedDown: !up,
      createdAt: "2030-01-01T00:00:00.000Z",
      updatedAt: "2030-01-01T00:00:00.000Z",
      lastSeenAt: null,
      silentFor: null,
    });
    return provider;
  }

  /** As another scheduler takes it. */
  takeElsewhere(host: string, resources: Record<string, number>, consumerId = `other-${Math.random()}`): Claim {
    const claim = {
      consumerId,
      fence: 1,
      projectId: "p",
      userId: "u",
      allocations: [{ providerId: `provider-${host}`, resources }],
    };
    this.placement.take(claim);
    return claim;
  }
}
