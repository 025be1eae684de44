import type { Claim, Provider, ServiceRecord } from "@kilonova/contracts";
import { RequestContext } from "@kilonova/messaging";
import {
  HostFilter,
  type HostState,
  type HostVerdict,
  HostWeigher,
  type Options,
  type RequestSpec,
  ServiceGroupDriver,
  silentLogger,
} from "@kilonova/plugin-api";
import { FakeClock, type SampleHost, sampleHost } from "@kilonova/plugin-testing";
import { FilterScheduler } from "../filter-scheduler.js";
import { HostTable, type Hypervisor } from "../host-table.js";
import { schedulerOptions } from "../options.js";
import { PlacementClaims } from "../placement-claims.js";
import { ProviderMirror } from "../provider-mirror.js";
import { FakePlacement } from "./fake-placement.js";

/** Passes hosts that are enabled and up. */
class UpFilter extends HostFilter {
  override hostPasses(host: HostState): HostVerdict {
    if (host.disabled) return { code: "disabled", words: "are disabled" };
    return host.up || { code: "down", words: "are down" };
  }
}

/** Prefers hosts with more free memory. */
export class FreeMemory extends HostWeigher {
  override multiplier(): number {
    return 1;
  }

  override weigh(host: HostState, _request: RequestSpec): number {
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
  readonly mirror = new ProviderMirror(this.placement.client, this.clock, silentLogger);
  readonly hosts = new HostTable(
    this.mirror,
    { hypervisors: async () => [...this.hypervisors], services: async () => [...this.services] },
    new Group(),
  );
  readonly claims = new PlacementClaims(this.placement.client, this.mirror, silentLogger);
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
    const all = { ...schedulerOptions.schema.parse({}), ...settings };
    const logger = { ...silentLogger, error: (_: unknown, message: string) => void this.complaints.push(message) };
    return new FilterScheduler(this.hosts, this.claims, filters, weighers, all, logger, this.clock);
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
    this.hypervisors.push({ ...hypervisor, hypervisorType: "fake", hypervisorVersion: 1 });
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
