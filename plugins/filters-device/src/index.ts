export { NUMATopologyFilter } from "./numa-topology-filter.js";
export { filtersDeviceOptions } from "./options.js";
export { PciPassthroughFilter } from "./pci-passthrough-filter.js";
