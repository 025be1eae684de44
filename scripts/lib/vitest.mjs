import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, runInForeground } from "./command.mjs";
import { localBinary } from "./repository.mjs";

/** The test files whose path contains one of the names; of all projects. */
export async function listTestFiles(names) {
  const { code, output } = await run(localBinary("vitest"), ["list", "--filesOnly", ...names, "--json"]);
  if (code !== 0) throw new Error(`vitest list ended with code ${code}:\n${output}`);
  const start = output.indexOf("[");
  return start === -1 ? [] : JSON.parse(output.slice(start)).map((entry) => entry.file);
}

/** Runs vitest in this terminal and gives `{ passed, failed, skipped, code }`, `skipped` being the names of tests. */
export async function runVitest(args, env) {
  const folder = mkdtempSync(join(tmpdir(), "kilonova-test-report-"));
  const file = join(folder, "report.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const code = await runInForeground(localBinary("vitest"), ["run", "--passWithNoTests", ...reporters, ...args], {
      env,
    });
    return { ...count(file, code), code };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that could not be loaded is one failed test, and so is a run that failed without any. */
function count(file, code) {
  const files = readReport(file)?.testResults ?? [];
  const tests = files.flatMap((result) => result.assertionResults);
  const failedTests = tests.filter((test) => test.status === "failed").length;
  const unloaded = files.filter((result) => result.status === "failed" && !hasFailure(result)).length;
  const failed = failedTests + unloaded;
  return {
    passed: tests.filter((test) => test.status === "passed").length,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: tests.filter((test) => !["passed", "failed"].includes(test.status)).map((test) => test.fullName),
  };
}

function hasFailure(result) {
  return result.assertionResults.some((test) => test.status === "failed");
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
