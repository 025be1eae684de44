export { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";
