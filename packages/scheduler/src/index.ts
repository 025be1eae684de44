export { FilterScheduler } from "./filter-scheduler.js";
export { HOST_TABLE, type HostSource, HostTable, type Hypervisor } from "./host-table.js";
export { SchedulerManager } from "./manager.js";
export { schedulerOptions } from "./options.js";
export { PlacementClaims } from "./placement-claims.js";
export { ProviderMirror } from "./provider-mirror.js";
export { schedulerManager } from "./scheduler-foundation.js";
