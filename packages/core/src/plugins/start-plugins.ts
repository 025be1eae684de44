import { type Configuration, isConfigurationError, type OptionGroup, type Options } from "@kilonova/config";
import { type Logger, silentLogger } from "@kilonova/plugin-api";
import { ObjectLoader } from "../container/object-loader.js";
import { hooksOptions, pluginsOptions } from "../options.js";
import { declarePlugins } from "./declare-plugins.js";
import { clashesAmong } from "./duplicates.js";
import { describePackage } from "./found-plugin.js";
import { isHookDisabled } from "./hook-disabled.js";
import { PluginCatalog } from "./plugin-catalog.js";
import { failuresAmong, type PluginFailure, type PluginGroups } from "./plugin-groups.js";
import { PluginStart, type StartPolicy } from "./plugin-start.js";

/** The plugins of a process. */
export interface ProcessPlugins {
  readonly catalog: PluginCatalog;
  readonly start: PluginStart;
  readonly loader: ObjectLoader;
  /** All of them, with the option groups that each declares. */
  readonly declared: readonly PluginGroups[];
  /** Those among them that cannot be used, and why. */
  readonly failures: readonly PluginFailure[];
}

/**
 * Finds the plugins of a process and declares their options, each within its time limit. What is done about a broken one
 * is for the caller to say, and about wrong options of the groups `hooks` and `plugins`, whose defaults hold then.
 */
export async function readPlugins(
  configuration: Configuration,
  places: readonly string[] = [],
  logger: Logger = silentLogger,
): Promise<ProcessPlugins> {
  const { baseDirectory } = configuration;
  const { disabled } = valuesOf(configuration, hooksOptions);
  const catalog = await PluginCatalog.read({ directory: baseDirectory, places, disabledHooks: disabled });
  const start = new PluginStart(valuesOf(configuration, pluginsOptions), logger);
  const loader = new ObjectLoader(baseDirectory, places, { catalog, start });
  const declared = await declarePlugins(configuration, catalog, loader);
  return { catalog, start, loader, declared, failures: failuresAmong(declared) };
}

/**
 * Finds the plugins of a process and declares their options. One that is merely installed and cannot be used is said and
 * left out, unless it brings a hook that must not be missing, or the operator wants it otherwise.
 *
 * @throws ConfigurationError; KilonovaError `plugin.unfit`, `object.*` for a plugin that the process does not go on without
 */
export async function startPlugins(
  configuration: Configuration,
  logger: Logger,
  places: readonly string[] = [],
): Promise<ProcessPlugins> {
  configuration.get(pluginsOptions);
  const { disabled } = configuration.get(hooksOptions);
  const plugins = await readPlugins(configuration, places, logger);
  const { catalog, start, failures } = plugins;
  for (const each of failures) {
    if (!start.goesOnWithout([each.plugin.name], each.failure, presetOf(each, disabled))) throw each.failure;
  }
  for (const { plugin, words } of clashesAmong(catalog.plugins, disabled)) {
    logger.warn({ plugin: describePackage(plugin), error: words }, "a plugin has a name that another one has too");
  }
  return plugins;
}

/** What is written for a group, or its defaults where that is wrong. */
function valuesOf<Group extends OptionGroup>(configuration: Configuration, group: Group): Options<Group> {
  try {
    return configuration.get(group);
  } catch (error) {
    if (!isConfigurationError(error)) throw error;
    return group.schema.parse({}) as Options<Group>;
  }
}

function presetOf({ plugin: { name, closedHooks } }: PluginFailure, disabled: readonly string[]): StartPolicy {
  const missed = closedHooks.filter((hook) => !isHookDisabled(disabled, `${name}#${hook}`));
  return missed.length > 0 ? "abort" : "continue";
}
