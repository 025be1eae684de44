export { FrameworkEndpoint } from "./framework-endpoint.js";
export { ConductorManager } from "./manager.js";
export { conductorOptions } from "./options.js";
