import { type Configuration, parseObjectPath } from "@kilonova/config";
import { checkDeclaredOptions, namedPaths, ObjectLoader, type PluginCatalog } from "@kilonova/core";
import { PLACES } from "./installed-plugins.js";

/** Stands for what fits this host; the cloud in one process puts a path in its place. */
const AUTO = "auto";

/**
 * Loads the modules that the operator's object paths lead to, and declares the option groups that they export: a module
 * that is no installed plugin has no manifest to say so.
 *
 * @param plugins what is known of plugins; without it, no short name is
 * @throws ConfigurationError for options of the groups that are known already; KilonovaError `object.notFound`,
 *   `object.failed`, `plugin.unfit`
 */
export async function declareNamedModules(
  configuration: Configuration,
  { catalog, loader }: NamingPlugins = { loader: new ObjectLoader(configuration.baseDirectory, PLACES) },
): Promise<void> {
  checkDeclaredOptions(configuration);
  for (const { option, path, isList, origin } of namedPaths(configuration)) {
    if (origin.from === "default" || path === AUTO) continue;
    // Its groups are declared already; which kind is meant, only who asks knows.
    if (catalog?.available().some((each) => each.export === parseObjectPath(path)?.shortName)) continue;
    try {
      const { optionGroups } = await loader.load(path, `option ${option}`);
      configuration.register(...optionGroups);
    } catch (error) {
      if (!isList || !(await loader.goesOnWithout(path, error, "abort"))) throw error;
    }
  }
}

interface NamingPlugins {
  readonly catalog?: PluginCatalog;
  readonly loader: ObjectLoader;
}
