import { isAbsolute, resolve } from "node:path";
import {
  checkExports,
  describePackage,
  exitCodeOf,
  type FoundPlugin,
  type NamedPath,
  namedPaths,
  ObjectLoader,
  readPackageFile,
  readPlugin,
} from "@kilonova/core";
import { messageOf } from "@kilonova/messaging";
import { PLACES } from "./installed-plugins.js";
import { type PluginView, viewPlugins } from "./plugin-reports.js";

/** What a check of one plugin, or of one object path that an option names, came to. */
export interface PluginVerdict {
  /** `acme-filters 1.2.0 (beside the configuration)`, or the path. */
  readonly plugin: string;
  /** What is wrong, a sentence each; none: nothing. */
  readonly problems: readonly string[];
}

/**
 * `kilonova plugins check`: manifests, versions of plugin-api, names, exports and options of the plugins, which are loaded
 * for it but not made, and that every object path of the configuration leads somewhere.
 *
 * @param target the name of an installed package, a folder with a package, or an object path; all that is installed or
 *   named unless given
 * @throws ConfigurationError where a file cannot be used, or options that say which plugins run are wrong
 */
export async function checkPlugins(target?: string, argv?: readonly string[]): Promise<readonly PluginVerdict[]> {
  const view = await viewPlugins(argv);
  if (target === undefined) return [...(await verdictsOn(view.catalog.plugins, view)), ...(await brokenPaths(view))];
  const installed = view.catalog.find(target);
  if (installed) return verdictsOn([installed], view);
  const folder = await packageIn(target);
  if (folder !== undefined) return [await verdictOnFolder(folder, view)];
  const problem = await problemOf(target, "plugins check", view);
  return [{ plugin: target, problems: problem === undefined ? [] : [problem] }];
}

async function verdictsOn(plugins: readonly FoundPlugin[], view: PluginView): Promise<readonly PluginVerdict[]> {
  const verdicts: PluginVerdict[] = [];
  for (const plugin of plugins) {
    const declared = view.failures.filter((each) => each.plugin === plugin && plugin.fit);
    const problems = [
      ...plugin.problems,
      ...(await checkExports(plugin, view.loader)),
      ...declared.map(({ failure }) => messageOf(failure)),
      ...optionProblems(plugin, view),
    ];
    verdicts.push({ plugin: describePackage(plugin), problems: [...new Set(problems)] });
  }
  return verdicts;
}

/** What is wrong with the values that the configuration has for the options of a plugin. */
function optionProblems(plugin: FoundPlugin, { configuration, declared }: PluginView): readonly string[] {
  const groups = declared.find((each) => each.plugin === plugin)?.groups.map(({ name }) => name) ?? [];
  return configuration
    .problems()
    .filter(({ option }) => groups.some((group) => option === group || option.startsWith(`${group}.`)))
    .map(({ option, place, expected, received, suggestion }) => {
      const hint = suggestion === undefined ? "" : `; did you mean ${suggestion}?`;
      return `${option} (${place}): expected ${expected}, received ${received}${hint}`;
    });
}

/** The object paths of the configuration that lead nowhere. */
async function brokenPaths(view: PluginView): Promise<readonly PluginVerdict[]> {
  const verdicts: PluginVerdict[] = [];
  for (const { option, path } of namedPathsOf(view)) {
    const problem = await problemOf(path, `option ${option}`, view);
    if (problem !== undefined) verdicts.push({ plugin: path, problems: [problem] });
  }
  return verdicts;
}

/** None where options are wrong: what is checked of them here, is those of plugins. */
function namedPathsOf({ configuration }: PluginView): readonly NamedPath[] {
  try {
    return namedPaths(configuration);
  } catch (error) {
    if (exitCodeOf(error) === 2) return [];
    throw error;
  }
}

async function problemOf(path: string, asked: string, { loader, catalog }: PluginView): Promise<string | undefined> {
  try {
    const named = catalog.available().find((each) => each.export === path);
    await loader.load(named?.path ?? path, asked);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** The folder that is meant, where it is one with a package. */
async function packageIn(target: string): Promise<string | undefined> {
  if (!isAbsolute(target) && !target.startsWith(".")) return undefined;
  return (await readPackageFile(resolve(target))) ? resolve(target) : undefined;
}

/** A plugin that need not be installed: as its author has it. */
async function verdictOnFolder(folder: string, view: PluginView): Promise<PluginVerdict> {
  const own = await readPackageFile(folder);
  const name = own?.name ?? folder;
  const plugin = await readPlugin(folder, "path", name);
  if (!plugin) {
    return { plugin: name, problems: [`${folder}/package.json has no part "kilonova", which says what it provides`] };
  }
  const specifier = own?.exports === undefined ? resolve(folder, own?.main ?? "index.js") : name;
  const loader = new ObjectLoader(folder, PLACES, { catalog: view.catalog });
  return {
    plugin: describePackage(plugin),
    problems: [...plugin.problems, ...(await checkExports(plugin, loader, specifier))],
  };
}
