import type { Provider } from "@kilonova/contracts";

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
  readonly hypervisorType: string;
  readonly hypervisorVersion: number;
  /** Its compute service reports. */
  readonly up: boolean;
  readonly disabled: boolean;
  readonly disabledReason: string | null;
  /** By resource class; a class that is missing here the host has none of. */
  readonly resources: ReadonlyMap<string, ResourceState>;
  readonly traits: ReadonlySet<string>;
  /** How many servers are on it or on their way. */
  readonly servers: number;
  /** Builds that failed since one succeeded. */
  readonly failedBuilds: number;
  readonly provider: Provider;
}

/** What is free of a resource on a host; 0 where it has none. */
export function freeOf(host: HostState, resourceClass: string): number {
  const state = host.resources.get(resourceClass);
  return state ? state.capacity - state.used : 0;
}
