#!/usr/bin/env node
import { isConfigurationError } from "@kilonova/config";
import { main } from "./script.js";

try {
  await main(process.argv.slice(2), console.log);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = isConfigurationError(error) ? 2 : 1;
}
