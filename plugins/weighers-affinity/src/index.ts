export { CrossCellWeigher } from "./cross-cell-weigher.js";
export { weighersAffinityOptions } from "./options.js";
export { ServerGroupSoftAffinityWeigher } from "./server-group-soft-affinity-weigher.js";
export { ServerGroupSoftAntiAffinityWeigher } from "./server-group-soft-anti-affinity-weigher.js";
