export { CPUWeigher } from "./cpu-weigher.js";
export { DiskWeigher } from "./disk-weigher.js";
export { weighersResourceOptions } from "./options.js";
export { RAMWeigher } from "./ram-weigher.js";
