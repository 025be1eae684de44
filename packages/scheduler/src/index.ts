export { PlacementClaims } from "./claims/placement-claims.js";
export { FilterScheduler } from "./filter-scheduler.js";
export { HOST_TABLE, type HostSource, HostTable } from "./hosts/host-table.js";
export type { AggregateOfHosts, Hypervisor } from "./hosts/known-host.js";
export { ProviderMirror } from "./hosts/provider-mirror.js";
export { SchedulerManager } from "./manager.js";
export { schedulerOptions } from "./options.js";
export { schedulerManager } from "./scheduler-foundation.js";
