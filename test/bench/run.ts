// npm run bench [-- NAME…] [--case NAME] [--json FILE]: the results as a table, and as JSON in a file.
import { writeFile } from "node:fs/promises";
import { readArguments, UsageError } from "./arguments.js";
import type { Benchmark } from "./benchmark.js";
import { bootBenchmark } from "./boot.js";
import type { CaseReading, Comparison } from "./comparison.js";
import { embeddedCase } from "./embedded-case.js";
import { hooksBenchmark } from "./hooks.js";
import { limited } from "./limited.js";
import { listBenchmark } from "./list.js";
import { measureOne } from "./measure-one.js";
import type { CloudCase } from "./measured-cloud.js";
import { memoryBenchmark } from "./memory.js";
import { report } from "./progress.js";
import { rabbitmqPostgresqlCase } from "./rabbitmq-postgresql-case.js";
import { type Result, resultsTable } from "./results-table.js";
import { rpcComparison } from "./rpc.js";
import { schedulerBenchmark } from "./scheduler.js";
import { stallsBenchmark } from "./stalls.js";
import { startBenchmark } from "./start.js";

const BENCHMARKS: readonly Benchmark[] = [
  startBenchmark,
  bootBenchmark,
  listBenchmark,
  memoryBenchmark,
  hooksBenchmark,
  schedulerBenchmark,
  stallsBenchmark,
];
const COMPARISONS: readonly Comparison[] = [rpcComparison];
const CASES: readonly CloudCase[] = [embeddedCase, rabbitmqPostgresqlCase];

/** A case of a benchmark that needs no cloud. */
function noCloud(name: string): CloudCase {
  return { name, prepare: () => Promise.reject(new Error("this benchmark said that it needs no cloud")) };
}

/** The cases that a benchmark is measured in. */
function casesOf({ needsCloud, cases }: Benchmark): readonly CloudCase[] {
  return needsCloud === false ? (cases ?? ["in-process"]).map(noCloud) : CASES;
}

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = EXIT_USAGE;
}

async function run(argv: readonly string[]): Promise<number> {
  const compared = COMPARISONS.flatMap(({ cases }) => cases.map((name) => ({ name })));
  const all = new Map([...BENCHMARKS.flatMap(casesOf), ...compared].map((each) => [each.name, each]));
  const { benchmarks, cases, json } = readArguments(argv, [...BENCHMARKS, ...COMPARISONS], [...all.values()]);
  const chosen = new Set(cases.map(({ name }) => name));
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupted.abort());

  const results: Result[] = [];
  let isComplete = true;
  for (const benchmark of benchmarks) {
    if (interrupted.signal.aborted) break;
    if ("compare" in benchmark) {
      const readings = await compareCases(benchmark, chosen, interrupted.signal);
      if (!readings) isComplete = false;
      for (const reading of readings ?? []) results.push({ bench: benchmark.name, ...reading });
      continue;
    }
    for (const cloudCase of casesOf(benchmark).filter(({ name }) => chosen.has(name))) {
      if (interrupted.signal.aborted) break;
      const say = (line: string) => report(`${benchmark.name}, ${cloudCase.name}: ${line}`);
      const readings = await measureOne({ benchmark, cloudCase, report: say, signal: interrupted.signal });
      if (!readings) isComplete = false;
      for (const reading of readings ?? []) results.push({ bench: benchmark.name, case: cloudCase.name, ...reading });
    }
  }
  if (results.length > 0) console.log(resultsTable(results));
  if (json !== undefined) await writeFile(json, `${JSON.stringify(results, null, 2)}\n`);
  return isComplete && !interrupted.signal.aborted ? 0 : EXIT_FAILURE;
}

/** Those of its cases that were chosen; nothing where there are none, or where it failed. */
async function compareCases(
  { name, timeLimit, cases, compare }: Comparison,
  chosen: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly CaseReading[] | undefined> {
  const wanted = cases.filter((each) => chosen.has(each));
  if (wanted.length === 0) return [];
  const say = (line: string) => report(`${name}: ${line}`);
  const givenUp = new AbortController();
  try {
    return await limited(compare({ cases: wanted, signal: givenUp.signal, report: say }), timeLimit, signal);
  } catch (error) {
    givenUp.abort();
    say(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
