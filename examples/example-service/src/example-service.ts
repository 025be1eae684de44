#!/usr/bin/env node
import { exitCodeOf, messageOf, onSignals, Service } from "@kilonova/core";
import { exampleOptions } from "./options.js";

try {
  const service = await Service.create({ binary: "example-service", topic: "example", groups: [exampleOptions] });
  onSignals(service.runtime.logger, { stop: () => service.stop(), reload: () => service.reload() });
  await service.serve();
  console.log(`topic ${service.topic} is served on host ${service.host}`);
  await service.wait();
} catch (error) {
  console.error(`example-service: ${messageOf(error)}`);
  process.exitCode = exitCodeOf(error);
}
