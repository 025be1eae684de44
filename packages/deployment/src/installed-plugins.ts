import { type Configuration, loadConfiguration, type OptionGroup } from "@kilonova/config";
import { type ProcessPlugins, readPlugins, watchedCommand } from "@kilonova/core";
import { IN_BOX_GROUPS } from "./in-box.js";

/** Packages in the box are found beside this module. */
export const PLACES: readonly string[] = [import.meta.url];

/** The option groups of plugins, and why some are not to be had. */
export interface KnownGroups {
  readonly groups: readonly OptionGroup[];
  readonly failures: readonly unknown[];
}

/**
 * The option groups of plugins, those in the box and those installed beside a configuration.
 *
 * @param configuration where it can be read: it says where plugins are, and how long each may take
 */
export async function knownGroups(configuration?: Configuration): Promise<KnownGroups> {
  return watchedCommand("kilonova", async () => {
    const { declared, failures } = await readPlugins(configuration ?? (await unwritten()), PLACES);
    return { groups: declared.flatMap(({ groups }) => groups), failures: failures.map(({ failure }) => failure) };
  });
}

/** Declares the option groups of the plugins that are installed. A broken one costs only its own. */
export function declareInstalledPlugins(configuration: Configuration): Promise<ProcessPlugins> {
  return readPlugins(configuration, PLACES);
}

/** A configuration in which nobody has written anything. */
function unwritten(): Promise<Configuration> {
  return loadConfiguration({ program: "kilonova", argv: [], env: {}, searchFolders: [], groups: IN_BOX_GROUPS });
}
