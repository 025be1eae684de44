export { ComputeManager, type ServerStep } from "./manager.js";
export { computeOptions, imageClientOptions } from "./options.js";
