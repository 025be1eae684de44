export type { CloudServer, ServerStatus } from "./cloud-server.js";
export { startTestingCloud, type TestingCloudSettings } from "./start-testing-cloud.js";
export { type ServerWish, TestingCloud } from "./testing-cloud.js";
