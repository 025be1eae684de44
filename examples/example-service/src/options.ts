import { duration, objectPath, optionGroup } from "@kilonova/core";
import { z } from "zod";

/** The options of the example service. */
export const exampleOptions = optionGroup(
  "example",
  z.object({
    manager: objectPath("service")
      .default("kilonova-example-service#ExampleManager")
      .describe("The manager of the service."),
    driver: objectPath().default("kilonova-example-service#PlainGreeting").describe("Who greets."),
    name: z.string().min(1).default("greeter").describe("The name of the greeter until it is renamed."),
    reserved: z.array(z.string()).default(["root"]).describe("Names that the greeter never gets."),
    sweepInterval: duration("60s").describe("How often old tags are swept away; 0: never."),
  }),
);
