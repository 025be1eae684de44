#!/usr/bin/env node
// "npm run kilonova -- …": the command line of Kilonova on a bare checkout.
import { runKilonova } from "./lib/kilonova.mjs";
import { reportFailure } from "./lib/progress.mjs";
import { setUp } from "./setup.mjs";

try {
  await setUp();
  process.exitCode = await runKilonova(process.argv.slice(2));
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}
