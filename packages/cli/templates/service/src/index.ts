export { type SamplePluginContract, samplePluginContract } from "./contract.js";
export { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";
