#!/usr/bin/env node
// "npm run bench": the benchmarks of test/bench, on a build that is up to date. "-- NAME… --json FILE" chooses some of
// them, and writes what they found into a file.
import { join } from "node:path";
import { provideRabbitMq } from "./install-rabbitmq.mjs";
import { runInForeground } from "./lib/command.mjs";
import { reportFailure, SetupError } from "./lib/progress.mjs";
import { repositoryRoot } from "./lib/repository.mjs";
import { setUp } from "./setup.mjs";

try {
  await setUp();
  const problem = process.env.KILONOVA_TEST_AMQP_URL ? undefined : await provideRabbitMq();
  if (problem !== undefined) throw new SetupError(problem);
  const bench = join(repositoryRoot, "test", "dist", "bench", "run.js");
  process.exitCode = await runInForeground(process.execPath, ["--expose-gc", bench, ...process.argv.slice(2)]);
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}
