#!/usr/bin/env node
// "npm run bench": the benchmarks of test/bench, on a build that is up to date. "-- NAME… --json FILE" chooses some of
// them, and writes what they found into a file.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { provideOsloMessaging } from "./install-oslo-messaging.mjs";
import { provideRabbitMq } from "./install-rabbitmq.mjs";
import { runInForeground } from "./lib/command.mjs";
import { reportFailure, SetupError } from "./lib/progress.mjs";
import { repositoryRoot } from "./lib/repository.mjs";
import { setUp } from "./setup.mjs";

try {
  await setUp();
  const isOfRpc = asksFor("rpc");
  // The benchmark of RPC starts a broker of its own, whatever the environment names.
  if (isOfRpc || !process.env.KILONOVA_TEST_AMQP_URL) await insist(provideRabbitMq);
  if (isOfRpc) await insist(provideOsloMessaging);
  const bench = join(repositoryRoot, "test", "dist", "bench", "run.js");
  process.exitCode = await runInForeground(process.execPath, ["--expose-gc", bench, ...process.argv.slice(2)]);
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}

async function insist(provide) {
  const problem = await provide();
  if (problem !== undefined) throw new SetupError(problem);
}

/** Whether a benchmark is among those that the command line names, or none is named. */
function asksFor(name) {
  const options = { json: { type: "string" }, case: { type: "string", multiple: true } };
  const { positionals } = parseArgs({ options, allowPositionals: true, strict: false });
  return positionals.length === 0 || positionals.includes(name);
}
