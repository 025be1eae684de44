export { FAKE_GREETING, FakeDriver } from "./driver.js";
export { GuestHistory, type GuestHistoryEntry } from "./guest-history.js";
export { FAKE_VERBS, type FakeFailure, type FakeVerb, fakeOptions } from "./options.js";
