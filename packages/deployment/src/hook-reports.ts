import { type HookPointRow, hookList, hooksOptions, namedPaths } from "@kilonova/core";
import { type PluginView, viewPlugins } from "./plugin-reports.js";

/**
 * `kilonova hooks list`: every hook point, and who would be on it in a cloud of this configuration.
 *
 * @throws ConfigurationError where a file cannot be used, or options that say which plugins run are wrong
 */
export async function listHooks(argv?: readonly string[]): Promise<readonly HookPointRow[]> {
  const view = await viewPlugins(argv);
  await loadNamed(view);
  const { configuration, catalog, loader } = view;
  return hookList({ options: configuration.get(hooksOptions), catalog, loader });
}

/** What the operator names may bring points of its own; what of it cannot be loaded is for `plugins check` to say. */
async function loadNamed({ configuration, catalog, loader }: PluginView): Promise<void> {
  for (const { option, path, origin } of namedPaths(configuration)) {
    if (origin.from === "default" || option === "hooks.use") continue;
    const asked = `option ${option}`;
    await Promise.resolve()
      .then(() => loader.load(catalog.pathIfShort(path, asked), asked))
      .catch(() => {});
  }
}
