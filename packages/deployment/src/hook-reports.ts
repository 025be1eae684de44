import { type HookPointRow, hookList, hooksOptions, loadHookPoints, namedPaths, watchedCommand } from "@kilonova/core";
import { type PluginView, viewPlugins } from "./plugin-reports.js";

/**
 * `kilonova hooks list`: every hook point, and who would be on it in a cloud of this configuration.
 *
 * @throws ConfigurationError where a file cannot be used, or options that say which plugins run are wrong
 */
export async function listHooks(argv?: readonly string[]): Promise<readonly HookPointRow[]> {
  const view = await watchedCommand("kilonova", async () => {
    const viewed = await viewPlugins(argv);
    await loadPoints(viewed);
    return viewed;
  });
  const { configuration, catalog, loader } = view;
  return hookList({ options: configuration.get(hooksOptions), catalog, loader });
}

/** Loads what may bring hook points: then the loader knows all that a cloud of this configuration has. */
export async function loadPoints(view: PluginView): Promise<void> {
  await loadNamed(view);
  await loadHookPoints(view.catalog, view.loader);
}

/** What the operator names may bring points of its own; what of it cannot be loaded is for `plugins check` to say. */
async function loadNamed({ configuration, loader }: PluginView): Promise<void> {
  for (const { option, path, kind, origin } of namedPaths(configuration)) {
    if (origin.from === "default" || kind === "hook") continue;
    await loader.load(path, `option ${option}`, kind).catch(() => {});
  }
}
