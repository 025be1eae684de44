// What "npm test" runs, in this order. A check is one command and counts as one test; a suite is a project of
// vitest.config.ts, and has tests as soon as its folder is there.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { localBinary, repositoryRoot } from "./lib/repository.mjs";

export const checks = [
  { title: "format and lint", command: localBinary("biome"), args: ["ci", "--colors=off"] },
  { title: "project references", command: process.execPath, args: ["scripts/sync-references.mjs", "--check"] },
  { title: "floors", command: process.execPath, args: ["scripts/check-floors.mjs"] },
  { title: "code in guides", command: process.execPath, args: ["scripts/sync-guides.mjs", "--check"] },
  { title: "reference pages", command: process.execPath, args: ["scripts/write-reference.mjs", "--check"] },
  { title: "emitted declarations", command: process.execPath, args: ["scripts/check-declarations.mjs"] },
];

const allSuites = [
  { name: "unit", folder: "packages" },
  { name: "contracts", folder: "test/contracts" },
  { name: "conformance", folder: "test/conformance" },
  { name: "interop", folder: "test/interop" },
  { name: "packaging", folder: "test/packaging" },
  { name: "e2e", folder: "test/e2e" },
  { name: "chaos", folder: "test/chaos" },
  { name: "scale", folder: "test/scale" },
];

/**
 * How many files run at the same time: units wait for servers much of the time, whole systems load the processors more.
 */
const unitWorkers = 4;
const systemWorkers = 3;

/** What runs together: the units by themselves, then all whole-system suites, which wait more than they compute. */
export function runsOf(chosen) {
  const isUnit = (suite) => suite.name === "unit";
  return [
    { suites: chosen.filter(isUnit), workers: unitWorkers },
    { suites: chosen.filter((suite) => !isUnit(suite)), workers: systemWorkers },
  ].filter((run) => run.suites.length > 0);
}

export const suites = allSuites.filter((suite) => existsSync(join(repositoryRoot, suite.folder)));
