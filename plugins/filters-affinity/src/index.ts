export { DifferentHostFilter } from "./different-host-filter.js";
export { SameHostFilter } from "./same-host-filter.js";
export { ServerGroupAffinityFilter } from "./server-group-affinity-filter.js";
export { ServerGroupAntiAffinityFilter } from "./server-group-anti-affinity-filter.js";
export { SimpleCIDRAffinityFilter } from "./simple-cidr-affinity-filter.js";
