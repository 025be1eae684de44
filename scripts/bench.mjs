#!/usr/bin/env node
// "npm run bench": the benchmarks of test/bench, on a build that is up to date.
import { join } from "node:path";
import { runInForeground } from "./lib/command.mjs";
import { reportFailure } from "./lib/progress.mjs";
import { repositoryRoot } from "./lib/repository.mjs";
import { setUp } from "./setup.mjs";

try {
  await setUp();
  const bench = join(repositoryRoot, "test", "bench", "run.mjs");
  process.exitCode = await runInForeground(process.execPath, [bench, ...process.argv.slice(2)]);
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}
