#!/usr/bin/env node
// "npm test": every check and every suite; with names, the tests whose file or own name contains one of them.
// "npm run test:<suite>" is "--suite <suite>", and runs it in its whole length. The last line is always "Tests: N passed, N failed".
import { run } from "./lib/command.mjs";
import { report, reportFailure, SetupError } from "./lib/progress.mjs";
import { provideTestServers } from "./lib/test-servers.mjs";
import { listTestFiles, runVitest } from "./lib/vitest.mjs";
import { setUp } from "./setup.mjs";
import { checks, runsOf, suites } from "./test-suites.mjs";

const total = { passed: 0, failed: 0, skipped: [] };
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => (interrupted = true));

try {
  await main(process.argv.slice(2));
} catch (error) {
  reportFailure(error);
  total.failed += 1;
}
if (interrupted) report("interrupted");
for (const name of total.skipped) report(`skipped: ${name}`);
if (total.failed > 0 || interrupted) process.exitCode = 1;
console.log(`Tests: ${total.passed} passed, ${total.failed} failed`);

async function main(args) {
  const [first, second, ...others] = args;
  const chosen = first === "--suite" ? findSuite(second) : undefined;
  await setUp();
  if (chosen !== undefined) return runSuites([chosen], others, "whole");
  if (first !== undefined) return runNamed(args);
  total.passed += 1; // the build
  for (const check of checks) await runCheck(check);
  await runSuites(suites, [], "short");
}

function findSuite(name) {
  const suite = suites.find((candidate) => candidate.name === name);
  if (suite !== undefined) return suite;
  throw new SetupError(`there is no suite "${name}": ${suites.map((candidate) => candidate.name).join(", ")}`);
}

async function runCheck({ title, command, args }) {
  if (interrupted) return;
  const { code, output } = await run(command, args);
  if (code === 0) {
    total.passed += 1;
    report(`passed: ${title}`);
    return;
  }
  console.error(output);
  total.failed += 1;
  report(`FAILED: ${title}`);
}

/** @param length for suites that can go on for long (test/test-length.ts) */
async function runSuites(chosen, vitestArgs, length) {
  await withServers(undefined, async (servers) => {
    const env = { ...servers, KILONOVA_TEST_LENGTH: length };
    for (const { suites: together, workers } of runsOf(chosen)) {
      if (interrupted) return;
      const names = together.map((suite) => suite.name);
      report(`suites ${names.join(", ")}`);
      const projects = names.flatMap((name) => ["--project", name]);
      add(await runVitest([...projects, "--maxWorkers", String(workers), ...vitestArgs], env));
    }
  });
}

/** Names are parts of file names; where no file has one, they are parts of the names of tests. */
async function runNamed(names) {
  const files = await listTestFiles(names);
  if (files.length > 0) return withServers(files, async (env) => add(await runVitest(names, env)));

  const pattern = names.join(" ").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  await withServers(undefined, async (env) => {
    const outcome = await runVitest(["--testNamePattern", pattern], env);
    add({ ...outcome, skipped: [] });
    if (outcome.passed + outcome.failed === 0)
      throw new SetupError(`no test file and no test is named "${names.join(" ")}"`);
  });
}

async function withServers(files, use) {
  if (interrupted) return;
  const servers = await provideTestServers(files);
  try {
    if (!interrupted) await use(testEnvironment(servers.env));
  } finally {
    await servers.stop();
  }
}

/** "npm test --silent" must not silence the npm that a test runs. */
function testEnvironment(servers) {
  const { npm_config_loglevel: _, ...env } = process.env;
  return { ...env, ...servers };
}

function add({ passed, failed, skipped }) {
  total.passed += passed;
  total.failed += failed;
  total.skipped.push(...skipped);
}
