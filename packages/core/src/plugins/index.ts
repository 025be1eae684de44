export { PLUGIN_API_VERSION } from "./api-version.js";
export { declarePlugins } from "./declare-plugins.js";
export { type LoadedHook, loadHooks } from "./enter-hooks.js";
export { checkExports } from "./export-check.js";
export {
  describePackage,
  type FoundPackage,
  type FoundPlugin,
  type PackageSource,
  readPlugin,
} from "./found-plugin.js";
export { isHookDisabled } from "./hook-disabled.js";
export { type FoundHook, hookEntries } from "./hook-entries.js";
export { loadAskedFor, loadNamed } from "./load-named.js";
export { readPackageFile } from "./package-file.js";
export { type CatalogSettings, PluginCatalog } from "./plugin-catalog.js";
export { failuresAmong, groupsOfPlugins, type PluginFailure, type PluginGroups } from "./plugin-groups.js";
export { type Degradation, PluginStart, type StartPolicy } from "./plugin-start.js";
export { type NamedPath, namedPaths, pluginUses } from "./plugin-uses.js";
export { type AvailablePlugin, provisionsOf } from "./provisions.js";
export { type ProcessPlugins, readPlugins, startPlugins } from "./start-plugins.js";
