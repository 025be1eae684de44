export type { ContractCheck } from "./contract-check.js";
export { FakeClock } from "./fake-clock.js";
export { Mailbox } from "./mailbox.js";
export { rejectsWith, soon } from "./settled.js";
export { transportSuite } from "./transport-suite.js";
export { type MakeTransport, uniqueTopic } from "./transport-world.js";
