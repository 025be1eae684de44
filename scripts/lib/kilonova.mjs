import { existsSync } from "node:fs";
import { join } from "node:path";
import { runInForeground } from "./command.mjs";
import { SetupError } from "./progress.mjs";
import { repositoryRoot } from "./repository.mjs";

/**
 * Runs the `kilonova` command of this checkout in this terminal and gives its exit code.
 * It runs in the folder that npm was called from, where its caller's files and configuration are.
 */
export function runKilonova(args) {
  const command = join(repositoryRoot, "packages", "cli", "dist", "bins", "kilonova.js");
  if (!existsSync(command)) throw new SetupError(`${command} is missing: packages/cli was not built.`);
  const cwd = process.env.INIT_CWD ?? process.cwd();
  return runInForeground(process.execPath, [command, ...args], { cwd });
}
