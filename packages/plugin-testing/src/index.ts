export { type AuthenticatorWorld, authenticatorSuite } from "./authenticator-suite.js";
export type { ContractCheck } from "./contract-check.js";
export { FakeClock } from "./fake-clock.js";
export { hookSuite, type SampleOperation } from "./hook-suite.js";
export { filterSuite, weigherSuite } from "./host-plugin-suites.js";
export { type ImageStoreWorld, imageStoreSuite } from "./image-store-suite.js";
export { Mailbox } from "./mailbox.js";
export { type NetworkDriverWorld, networkDriverSuite } from "./network-driver-suite.js";
export { type NetworkManagerWorld, networkManagerSuite } from "./network-manager-suite.js";
export { type NotifierWorld, notifierSuite } from "./notifier-suite.js";
export { requestFilterSuite } from "./request-filter-suite.js";
export { SampleCloud } from "./sample-cloud.js";
export { type AskedOfPlacement, SampleDraft } from "./sample-draft.js";
export {
  assortedHosts,
  assortedRequests,
  type SampleHost,
  type SampleRequest,
  type SampleResources,
  sampleHost,
  sampleRequest,
  sampleRequestSpec,
} from "./sample-host.js";
export { assortedNotifications, sampleNotification } from "./sample-notification.js";
export { sampleServer, sampleVif } from "./sample-server.js";
export { type MakeScheduler, schedulerSuite } from "./scheduler-suite.js";
export { ServedManager } from "./served-manager.js";
export { type ServiceGroupWorld, servicegroupDriverSuite } from "./service-group-suite.js";
export { type SampleCall, type ServiceWorld, serviceSuite } from "./service-suite.js";
export { rejectsWith, soon } from "./settled.js";
export { transportSuite } from "./transport-suite.js";
export { type MakeTransport, uniqueTopic } from "./transport-world.js";
export { type VirtDriverWorld, virtDriverSuite } from "./virt-driver-suite.js";
