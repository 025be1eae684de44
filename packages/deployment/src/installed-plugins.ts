import type { Configuration, OptionGroup } from "@kilonova/config";
import {
  declarePlugins,
  failuresAmong,
  groupsOfPlugins,
  ObjectLoader,
  PluginCatalog,
  type PluginFailure,
  type PluginGroups,
  PluginStart,
  pluginsOptions,
} from "@kilonova/core";

/** Packages in the box are found beside this module. */
export const PLACES: readonly string[] = [import.meta.url];

/** The plugins that are installed, and what finds objects with them. */
export interface InstalledPlugins {
  readonly catalog: PluginCatalog;
  readonly loader: ObjectLoader;
  /** All of them, with the option groups that each declares. */
  readonly declared: readonly PluginGroups[];
  /** Those that cannot be used, and why. */
  readonly failures: readonly PluginFailure[];
}

/** The option groups of plugins, those in the box and those installed beside a configuration. */
export async function knownGroups(
  baseDirectory: string,
): Promise<{ readonly groups: readonly OptionGroup[]; readonly failures: readonly unknown[] }> {
  const catalog = await PluginCatalog.read({ directory: baseDirectory, places: PLACES });
  const found = await groupsOfPlugins(catalog, new ObjectLoader(baseDirectory, PLACES, { catalog }));
  return {
    groups: found.flatMap(({ groups }) => groups),
    failures: found.flatMap(({ failure }) => (failure === undefined ? [] : [failure])),
  };
}

/**
 * Declares the option groups of the plugins that are installed. A broken one costs only its own.
 *
 * @throws ConfigurationError for wrong options of the group `plugins`
 */
export async function declareInstalledPlugins(configuration: Configuration): Promise<InstalledPlugins> {
  const { baseDirectory } = configuration;
  const catalog = await PluginCatalog.read({ directory: baseDirectory, places: PLACES });
  const start = new PluginStart(configuration.get(pluginsOptions));
  const loader = new ObjectLoader(baseDirectory, PLACES, { catalog, start });
  const declared = await declarePlugins(configuration, catalog, loader);
  return { catalog, loader, declared, failures: failuresAmong(declared) };
}
