import { isAbsolute, resolve } from "node:path";
import {
  checkExports,
  describePackage,
  exitCodeOf,
  type FoundPlugin,
  type HookPoints,
  hooksOptions,
  type NamedPath,
  namedPaths,
  ObjectLoader,
  readPackageFile,
  readPlugin,
  watchedCommand,
} from "@kilonova/core";
import { messageOf } from "@kilonova/messaging";
import type { PluginKind } from "@kilonova/plugin-api";
import { loadPoints } from "./hook-reports.js";
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
export function checkPlugins(target?: string, argv?: readonly string[]): Promise<readonly PluginVerdict[]> {
  return watchedCommand("kilonova", () => verdictsFor(target, argv));
}

async function verdictsFor(target?: string, argv?: readonly string[]): Promise<readonly PluginVerdict[]> {
  const view = await viewPlugins(argv);
  await loadPoints(view);
  if (target === undefined) {
    const installed = await verdictsOn(view.catalog.plugins, view);
    return [...installed, ...missingPackages(view), ...(await brokenPaths(view)), ...misplacedHooks(view)];
  }
  const missing = missingPackages(view).filter(({ plugin }) => plugin === target);
  if (missing.length > 0) return missing;
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
      ...pointProblems(plugin, view.loader.hookPoints),
    ];
    verdicts.push({ plugin: describePackage(plugin), problems: [...new Set(problems)] });
  }
  return verdicts;
}

/** What a package.json asks for and nobody can say anything of. */
function missingPackages({ catalog }: PluginView): readonly PluginVerdict[] {
  return catalog.missing.map((name) => ({ plugin: name, problems: [catalog.problemOfMissing(name)] }));
}

/** The hooks of a manifest that enter points which there are not. That of a service which is not here may be elsewhere. */
function pointProblems({ manifest }: FoundPlugin, points: HookPoints): readonly string[] {
  return (manifest?.hooks ?? []).flatMap(({ export: name, point }) => {
    const problem = misplaced(point, points);
    return problem === undefined ? [] : [`its hook ${name}: ${problem}`];
  });
}

/** The same of the hooks that an option enters. */
function misplacedHooks({ configuration, loader }: PluginView): readonly PluginVerdict[] {
  return configuration.get(hooksOptions).use.flatMap(({ hook, point }) => {
    const problem = misplaced(point, loader.hookPoints);
    return problem === undefined ? [] : [{ plugin: hook, problems: [`option hooks.use: ${problem}`] }];
  });
}

function misplaced(point: string, points: HookPoints): string | undefined {
  return points.mayBeElsewhere(point) ? undefined : points.problemOf(point);
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
  for (const { option, path, kind } of namedPathsOf(view)) {
    const problem = await problemOf(path, `option ${option}`, view, kind);
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

async function problemOf(
  path: string,
  asked: string,
  { loader }: PluginView,
  kind?: PluginKind,
): Promise<string | undefined> {
  try {
    await loader.load(path, asked, kind);
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
  loader.hookPoints.add(view.loader.hookPoints.all());
  const exported = await checkExports(plugin, loader, specifier);
  return {
    plugin: describePackage(plugin),
    problems: [...plugin.problems, ...exported, ...pointProblems(plugin, loader.hookPoints)],
  };
}
