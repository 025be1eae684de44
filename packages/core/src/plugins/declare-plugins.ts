import { type Configuration, isConfigurationError, type OptionGroup } from "@kilonova/config";
import { KilonovaError } from "@kilonova/messaging";
import type { ObjectLoader } from "../container/object-loader.js";
import { describePackage, type FoundPlugin } from "./found-plugin.js";
import type { PluginCatalog } from "./plugin-catalog.js";
import { groupsOfPlugins, type PluginGroups } from "./plugin-groups.js";

/**
 * Declares the option groups of the plugins that are installed, so that the configuration can be checked whole.
 *
 * @returns every plugin with the groups that it declares; with a failure where it cannot be used: it is not fit, or was
 *   broken while it was loaded, and what it would declare is unknown
 */
export async function declarePlugins(
  configuration: Configuration,
  catalog: PluginCatalog,
  loader: ObjectLoader,
): Promise<readonly PluginGroups[]> {
  const declared: PluginGroups[] = [];
  for (const found of await groupsOfPlugins(catalog, loader)) {
    const clash = "failure" in found ? undefined : register(configuration, found.plugin, found.groups);
    declared.push(clash === undefined ? found : { plugin: found.plugin, groups: [], failure: clash });
  }
  return declared;
}

/** What keeps a plugin's groups from being declared: another package has one of that name. */
function register(
  configuration: Configuration,
  plugin: FoundPlugin,
  groups: readonly OptionGroup[],
): KilonovaError | undefined {
  try {
    configuration.register(...groups);
    return undefined;
  } catch (cause) {
    if (!isConfigurationError(cause)) throw cause;
    const clashes = cause.problems.map(
      ({ option, expected, received }) => `${option}: ${expected}, and now ${received}`,
    );
    const words = `${describePackage(plugin)} declares an option group that another package declares differently: ${clashes.join("; ")}.`;
    return new KilonovaError("object.wrongKind", words, { cause });
  }
}
