export { BuildFailureWeigher } from "./build-failure-weigher.js";
export { HypervisorVersionWeigher } from "./hypervisor-version-weigher.js";
export { ImagePropertiesWeigher } from "./image-properties-weigher.js";
export { weighersHistoryOptions } from "./options.js";
