import type { HostAggregate, NumaCell, PciPool, Provider, SupportedInstance } from "@kilonova/contracts";

/** Of one resource: what there is after reserve and ratio, and what is taken. */
export interface ResourceState {
  readonly total: number;
  readonly used: number;
  readonly capacity: number;
}

/**
 * A host as filters and weighers see it, for the length of one request. Read only: what one request takes is shown to
 * the next.
 */
export interface HostState {
  readonly host: string;
  readonly node: string;
  readonly providerId: string;
  /** The address by which others reach it. */
  readonly hostIp: string;
  readonly hypervisorType: string;
  readonly hypervisorVersion: number;
  /** Its compute service reports. */
  readonly up: boolean;
  readonly disabled: boolean;
  readonly disabledReason: string | null;
  /** The zone that one of its aggregates puts it in, else the default zone. */
  readonly availabilityZone: string;
  /** The host aggregates that it is in, by id. */
  readonly aggregates: readonly HostAggregate[];
  /** By resource class, those of its whole tree together; a class that is missing here the host has none of. */
  readonly resources: ReadonlyMap<string, ResourceState>;
  readonly traits: ReadonlySet<string>;
  /** How many servers are on it or on their way. */
  readonly servers: number;
  /** How many of them are being built, moved, snapshotted or the like: what keeps its disks busy. */
  readonly ioOps: number;
  /** Builds that failed since one succeeded. */
  readonly failedBuilds: number;
  /** Which guests it can run; empty where its driver does not say. */
  readonly supportedInstances: readonly SupportedInstance[];
  /** Measurements by name. */
  readonly metrics: ReadonlyMap<string, number>;
  /** What its driver says of it beyond that: `cpu_info` and the driver's own. */
  readonly stats: Readonly<Record<string, unknown>>;
  readonly numaCells: readonly NumaCell[];
  readonly pciPools: readonly PciPool[];
  /** How many of its servers came from an image with that property, by `key=value`; see `readsImageProperties`. */
  readonly imageProperties: ReadonlyMap<string, number>;
  /** The root of its tree at placement. */
  readonly provider: Provider;
}

/** What is free of a resource on a host; 0 where it has none. */
export function freeOf(host: HostState, resourceClass: string): number {
  const state = host.resources.get(resourceClass);
  return state ? state.capacity - state.used : 0;
}

/** What the aggregates of a host say under a key, one entry for each that says something. */
export function aggregateValues(host: HostState, key: string): readonly string[] {
  return host.aggregates.flatMap(({ metadata }) => (Object.hasOwn(metadata, key) ? (metadata[key] ?? []) : []));
}
