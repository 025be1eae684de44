export type { ContractCheck } from "./contract-check.js";
export { FakeClock } from "./fake-clock.js";
export { hookSuite, type SampleOperation } from "./hook-suite.js";
export { filterSuite, weigherSuite } from "./host-plugin-suites.js";
export { Mailbox } from "./mailbox.js";
export { type NetworkDriverWorld, networkDriverSuite } from "./network-driver-suite.js";
export {
  assortedHosts,
  assortedRequests,
  type SampleHost,
  type SampleResources,
  sampleHost,
  sampleRequestSpec,
} from "./sample-host.js";
export { sampleServer, sampleVif } from "./sample-server.js";
export { type ServiceGroupWorld, servicegroupDriverSuite } from "./service-group-suite.js";
export { rejectsWith, soon } from "./settled.js";
export { transportSuite } from "./transport-suite.js";
export { type MakeTransport, uniqueTopic } from "./transport-world.js";
export { type VirtDriverWorld, virtDriverSuite } from "./virt-driver-suite.js";
