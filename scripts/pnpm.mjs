#!/usr/bin/env node
// pnpm at the version of this repository, for maintainers: "node scripts/pnpm.mjs install" after a changed dependency.
import { runInForeground } from "./lib/command.mjs";
import { providePnpm } from "./lib/pnpm.mjs";
import { reportFailure } from "./lib/progress.mjs";

try {
  const pnpm = await providePnpm();
  process.exitCode = await runInForeground(process.execPath, [pnpm, ...process.argv.slice(2)], { cwd: process.cwd() });
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}
