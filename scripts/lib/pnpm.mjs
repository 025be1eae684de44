import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { report, SetupError } from "./progress.mjs";
import { cacheFolder, repositoryRoot } from "./repository.mjs";

/** Gives pnpm's own start file, to be run by node: exactly the version of `packageManager`, fetched by npm once. */
export async function providePnpm() {
  const { packageManager } = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8"));
  const folder = join(cacheFolder, packageManager);
  const entry = join(folder, "node_modules", "pnpm", "bin", "pnpm.mjs");
  if (existsSync(entry)) return entry;

  report(`fetching ${packageManager}`);
  const args = ["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--include=optional"];
  const { code, output } = await run("npm", [...args, "--ignore-scripts", "--loglevel=error", packageManager]);
  if (code === 0) return entry;
  throw new SetupError(
    `${output}\nnpm could not fetch ${packageManager} (exit code ${code}). Is the npm registry reachable from here ` +
      `("npm ping")? Behind a proxy or a mirror, set it in ~/.npmrc; then run the same command again.`,
  );
}
