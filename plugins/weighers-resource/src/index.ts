export { CPUWeigher } from "./cpu-weigher.js";
export { DiskWeigher } from "./disk-weigher.js";
export { IoOpsWeigher } from "./io-ops-weigher.js";
export { MetricsWeigher } from "./metrics-weigher.js";
export { NumInstancesWeigher } from "./num-instances-weigher.js";
export { weighersResourceOptions } from "./options.js";
export { PCIWeigher } from "./pci-weigher.js";
export { RAMWeigher } from "./ram-weigher.js";
