import { join } from "node:path";
import type { Logger } from "@kilonova/plugin-api";
import type { LoadedHook } from "./enter-hooks.js";
import type { PluginCatalog } from "./plugin-catalog.js";

/** Warns of packages that are listed and not installed: a guard that is missing would be missed by nobody else. */
export function warnOfMissing(logger: Logger, catalog: PluginCatalog): void {
  for (const name of catalog.missing) {
    logger.warn({ package: name, error: catalog.problemOfMissing(name) }, "a package is not installed");
  }
}

/** Says, once a process is up, where plugins were looked for, how many there are and which hooks entered. */
export function logCatalog(logger: Logger, catalog: PluginCatalog, hooks: readonly LoadedHook[]): void {
  const { directory = null, plugins } = catalog;
  const packageFile = directory === null ? null : join(directory, "package.json");
  const entered = hooks.map(({ path, entry: { point } }) => `${path} at ${point}`);
  logger.info({ packageFile, plugins: plugins.length, hooks: entered }, "the plugins were looked for");
}
