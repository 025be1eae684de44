#!/usr/bin/env node
// "npm start": a cloud on this machine out of a bare checkout. Arguments go to "kilonova up"; --no-install leaves the
// machine's own packages alone.
import { provideQemu } from "./install-qemu.mjs";
import { findExecutable } from "./lib/executables.mjs";
import { runKilonova } from "./lib/kilonova.mjs";
import { report, reportFailure } from "./lib/progress.mjs";
import { setUp } from "./setup.mjs";

const noInstall = "--no-install";
const args = process.argv.slice(2);

try {
  await setUp();
  if (!args.includes(noInstall)) await installQemu();
  process.exitCode = await runKilonova(["up", "--first-guest", ...args.filter((arg) => arg !== noInstall)]);
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}

/** A cloud without QEMU is still worth starting: "up" says what it can't do. */
async function installQemu() {
  if (findExecutable("qemu-system-x86_64") !== undefined) return;
  const problem = await provideQemu();
  if (problem !== undefined) report(`warning: ${problem.split("\n")[0]}`);
}
