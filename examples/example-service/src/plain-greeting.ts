import type { GreetingDriver } from "./greeting-driver.js";

/** The driver in the box. */
export class PlainGreeting implements GreetingDriver {
  async greet(name: string): Promise<string> {
    return `Hello, ${name}.`;
  }
}
