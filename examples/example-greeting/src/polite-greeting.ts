import { inject, LOGGER, type Logger, type Options, optionGroup, options } from "@kilonova/plugin-api";
import type { GreetingDriver } from "kilonova-example-service";
import { z } from "zod";

/** The options of this plugin. */
export const politeOptions = optionGroup(
  "polite",
  z.object({ title: z.string().min(1).default("dear").describe("How people are called.") }),
);

/** Greets politely: `example.driver: kilonova-example-greeting#PoliteGreeting`. */
export class PoliteGreeting implements GreetingDriver {
  constructor(
    @options(politeOptions) private readonly settings: Options<typeof politeOptions>,
    @inject(LOGGER) private readonly logger: Logger,
  ) {}

  async greet(name: string): Promise<string> {
    this.logger.debug({ name }, "somebody is greeted");
    return `A very good day to you, ${this.settings.title} ${name}.`;
  }
}
