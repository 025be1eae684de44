import { type Configuration, type DumpedOption, loadConfiguration, nearestName } from "@kilonova/config";
import {
  type FoundPlugin,
  hookEntries,
  hooksOptions,
  type PackageSource,
  type PluginManifest,
  type ProcessPlugins,
  pluginUses,
  provisionsOf,
  watchedCommand,
} from "@kilonova/core";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { resolveDeviceDrivers } from "./device-drivers.js";
import { IN_BOX_GROUPS } from "./in-box.js";
import { declareInstalledPlugins } from "./installed-plugins.js";

/** A plugin that a cloud of this configuration has, in brief. */
export interface PluginSummary {
  readonly name: string;
  readonly version: string;
  readonly from: PackageSource;
  readonly provides: readonly { readonly kind: string; readonly export: string }[];
  /** The options that name it, and `its manifest` where that enters hooks; none: it is merely available. */
  readonly inUseBy: readonly string[];
  /** What is wrong with it, a clause each, as far as loading its option groups tells. */
  readonly problems: readonly string[];
}

/** All that is known of a plugin. */
export interface PluginDetails extends PluginSummary {
  readonly description?: string;
  readonly directory: string;
  /** Undefined where it is wrong. */
  readonly manifest?: PluginManifest;
  /** Its options with their values and where these come from; secrets are masked. */
  readonly options: readonly DumpedOption[];
  /** The hooks that enter by its manifest, or by an option that names them. */
  readonly hooks: readonly PluginHook[];
}

/** A hook of a plugin, with limits as they are in force; what is absent has the framework's default. */
export interface PluginHook {
  readonly path: string;
  readonly point: string;
  readonly order?: number;
  readonly failure?: "open" | "closed";
  readonly timeLimit?: string;
  readonly disabled: boolean;
}

/** What a cloud of this configuration would run with, as far as plugins go. */
export interface PluginView extends ProcessPlugins {
  readonly configuration: Configuration;
}

/** @throws ConfigurationError where a file cannot be used, or options that say which plugins run are wrong */
export async function viewPlugins(argv: readonly string[] | undefined): Promise<PluginView> {
  const given = argv === undefined ? {} : { argv };
  const load = (overrides = {}) =>
    loadConfiguration({ program: "kilonova", groups: IN_BOX_GROUPS, overrides, ...given });
  const { overrides } = await resolveDeviceDrivers(await load());
  const configuration = await load(overrides);
  return { configuration, ...(await declareInstalledPlugins(configuration)) };
}

/**
 * `kilonova plugins list`: those in the box and those beside the configuration, by name; then the packages that are missing
 * beside it.
 */
export async function listPlugins(argv?: readonly string[]): Promise<readonly PluginSummary[]> {
  const view = await watchedCommand("kilonova", () => viewPlugins(argv));
  const uses = pluginUses(view.configuration, view.catalog);
  const found = view.catalog.plugins.map((plugin) => summaryOf(plugin, view, uses.get(plugin.name)));
  return [...found, ...view.catalog.missing.map((name) => missingSummary(name, view))];
}

/** Of a package that is not installed nobody knows whether it is a plugin. */
function missingSummary(name: string, { catalog }: PluginView): PluginSummary {
  const problems = [catalog.problemOfMissing(name)];
  return { name, version: "not installed", from: "configuration", provides: [], inUseBy: [], problems };
}

/**
 * `kilonova plugins show`
 *
 * @throws KilonovaError `object.notFound` where no such plugin is available
 */
export async function showPlugin(name: string, argv?: readonly string[]): Promise<PluginDetails> {
  const view = await watchedCommand("kilonova", () => viewPlugins(argv));
  const { configuration, catalog } = view;
  const plugin = catalog.find(name) ?? failUnknown(name, view);
  const { description, directory, manifest } = plugin;
  const groups = view.declared.find((each) => each.plugin === plugin)?.groups ?? [];
  const ownPaths = new Set(provisionsOf(plugin, "hook").flatMap((each) => [each.path, each.export]));
  return {
    ...summaryOf(plugin, view, pluginUses(configuration, catalog).get(name)),
    ...(description === undefined ? {} : { description }),
    directory,
    ...(manifest ? { manifest } : {}),
    options: configuration.dump(groups),
    hooks: hookEntries(configuration.get(hooksOptions), catalog)
      .filter(({ path }) => ownPaths.has(path))
      .map(({ path, entry, disabled }) => ({
        path: catalog.pathIfShort(path, "hooks.use", "hook"),
        ...entry,
        disabled,
      })),
  };
}

function summaryOf(plugin: FoundPlugin, view: PluginView, inUseBy: readonly string[] = []): PluginSummary {
  const { name, version, from, problems } = plugin;
  const failed = view.failures.filter((each) => each.plugin === plugin && plugin.fit);
  return {
    name,
    version,
    from,
    provides: (plugin.manifest ? provisionsOf({ ...plugin, fit: true }) : []).map((each) => ({
      kind: each.kind,
      export: each.export,
    })),
    inUseBy,
    problems: [...problems, ...failed.map(({ failure }) => messageOf(failure))],
  };
}

function failUnknown(name: string, { catalog }: PluginView): never {
  const names = catalog.plugins.map((plugin) => plugin.name);
  const nearest = names.find((each) => each.endsWith(`/${name}`)) ?? nearestName(name, names);
  const hint = nearest === undefined ? "`kilonova plugins list` shows which there are" : `did you mean ${nearest}?`;
  throw new KilonovaError(
    "object.notFound",
    `There is no plugin ${name} beside the configuration or in the box; ${hint}`,
  );
}
