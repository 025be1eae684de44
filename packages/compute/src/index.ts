export { ComputeManager, type ServerStep } from "./manager.js";
export { computeOptions } from "./options.js";
