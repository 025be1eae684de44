import { capacityOf, usedAt } from "@kilonova/candidates";
import type { Provider } from "@kilonova/contracts";
import type { HostState, ResourceState } from "@kilonova/plugin-api";
import type { KnownHost } from "./known-host.js";

/** Providers as one request imagines them, by id. */
export type Overrides = ReadonlyMap<string, Provider>;

const NO_METRICS: ReadonlyMap<string, number> = new Map();

/** A host as filters and weighers see it. @param tree its providers, the root first */
export function stateOf(known: KnownHost, tree: readonly Provider[]): HostState {
  const [root] = tree;
  if (!root) throw new TypeError("a host has a root provider");
  const { hypervisor, service, up, aggregates, availabilityZone, ioOps, imageProperties } = known;
  const { facts } = hypervisor;
  return {
    host: hypervisor.host,
    node: hypervisor.hypervisorHostname,
    providerId: root.id,
    hostIp: hypervisor.hostIp,
    hypervisorType: hypervisor.hypervisorType,
    hypervisorVersion: hypervisor.hypervisorVersion,
    up,
    disabled: service.disabled,
    disabledReason: service.disabledReason,
    availabilityZone,
    aggregates,
    resources: resourcesOf(tree),
    traits: new Set(root.traits),
    servers: root.consumers,
    ioOps,
    failedBuilds: hypervisor.failedBuilds,
    supportedInstances: facts.supportedInstances ?? [],
    metrics: facts.metrics ? new Map(Object.entries(facts.metrics)) : NO_METRICS,
    stats: { cpu_info: hypervisor.cpuInfo, ...facts.stats },
    numaCells: facts.numaCells ?? [],
    pciPools: facts.pciPools ?? [],
    imageProperties,
    provider: root,
  };
}

function resourcesOf(tree: readonly Provider[]): ReadonlyMap<string, ResourceState> {
  const resources = new Map<string, ResourceState>();
  for (const provider of tree) {
    for (const [resourceClass, inventory] of Object.entries(provider.inventories)) {
      const before = resources.get(resourceClass);
      resources.set(resourceClass, {
        total: inventory.total + (before?.total ?? 0),
        used: usedAt(provider, resourceClass) + (before?.used ?? 0),
        capacity: Math.floor(capacityOf(inventory)) + (before?.capacity ?? 0),
      });
    }
  }
  return resources;
}
