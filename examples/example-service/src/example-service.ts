#!/usr/bin/env node
import { runService } from "@kilonova/core";
import { exampleOptions } from "./options.js";

await runService({
  binary: "example-service",
  topic: "example",
  groups: [exampleOptions],
  description: "Greets by its driver, and can be given another name.",
});
