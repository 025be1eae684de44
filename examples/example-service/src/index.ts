export { type Example, exampleContract } from "./contract.js";
export type { GreetingDriver } from "./greeting-driver.js";
export { ExampleManager } from "./manager.js";
export { exampleOptions } from "./options.js";
export { PlainGreeting } from "./plain-greeting.js";
