import type { Configuration } from "@kilonova/config";
import type { Logger } from "@kilonova/plugin-api";
import { ObjectLoader } from "../container/object-loader.js";
import { hooksOptions, pluginsOptions } from "../options.js";
import { declarePlugins } from "./declare-plugins.js";
import { describePackage } from "./found-plugin.js";
import { PluginCatalog } from "./plugin-catalog.js";
import { failuresAmong, type PluginFailure } from "./plugin-groups.js";
import { PluginStart, type StartPolicy } from "./plugin-start.js";

/** The plugins of a process. */
export interface ProcessPlugins {
  readonly catalog: PluginCatalog;
  readonly start: PluginStart;
  readonly loader: ObjectLoader;
  /** Those that are installed and left out. */
  readonly failures: readonly PluginFailure[];
}

/**
 * Finds the plugins of a process and declares their options. One that is merely installed and cannot be used is said and
 * left out, unless it brings a hook that must not be missing, or the operator wants it otherwise.
 *
 * @throws KilonovaError `plugin.unfit`, `object.*` for a plugin that the process does not go on without
 */
export async function startPlugins(
  configuration: Configuration,
  logger: Logger,
  places: readonly string[] = [],
): Promise<ProcessPlugins> {
  const { baseDirectory } = configuration;
  const { disabled } = configuration.get(hooksOptions);
  const catalog = await PluginCatalog.read({ directory: baseDirectory, places, disabledHooks: disabled });
  const start = new PluginStart(configuration.get(pluginsOptions), logger);
  const loader = new ObjectLoader(baseDirectory, places, { catalog, start });
  const failures = failuresAmong(await declarePlugins(configuration, catalog, loader));
  for (const each of failures) {
    if (!start.goesOnWithout([each.plugin.name], each.failure, presetOf(each, disabled))) throw each.failure;
  }
  for (const plugin of catalog.plugins.filter(({ fit, problems }) => fit && problems.length > 0)) {
    const plain = { plugin: describePackage(plugin), problems: plugin.problems };
    logger.warn(plain, "a plugin has a name that another one has too");
  }
  return { catalog, start, loader, failures };
}

function presetOf({ plugin: { name, closedHooks } }: PluginFailure, disabled: readonly string[]): StartPolicy {
  const missed = closedHooks.filter((hook) => !disabled.includes(hook) && !disabled.includes(`${name}#${hook}`));
  return missed.length > 0 ? "abort" : "continue";
}
