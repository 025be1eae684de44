import { isOptionGroup, type OptionGroup } from "@kilonova/config";
import { KilonovaError } from "@kilonova/messaging";
import { describeValue } from "../container/object-kind.js";
import type { ObjectLoader } from "../container/object-loader.js";
import { describePackage, type FoundPlugin } from "./found-plugin.js";
import type { PluginCatalog } from "./plugin-catalog.js";

/** The option groups of one plugin, or why they are not to be had. */
export interface PluginGroups {
  readonly plugin: FoundPlugin;
  readonly groups: readonly OptionGroup[];
  /** Why it cannot be used. */
  readonly failure?: unknown;
}

/** A plugin that is installed and cannot be used. */
export type PluginFailure = PluginGroups & { readonly failure: unknown };

/** Those that cannot be used. */
export function failuresAmong(declared: readonly PluginGroups[]): readonly PluginFailure[] {
  return declared.filter((each): each is PluginFailure => "failure" in each);
}

/**
 * The option groups that plugins declare in their manifests. Those that declare some are loaded for it, and no others; one
 * that is not fit is a failure whether it declares some or not.
 */
export function groupsOfPlugins(catalog: PluginCatalog, loader: ObjectLoader): Promise<readonly PluginGroups[]> {
  return Promise.all(
    catalog.plugins.map(async (plugin) => {
      try {
        return { plugin, groups: await groupsOf(plugin, loader) };
      } catch (failure) {
        return { plugin, groups: [], failure };
      }
    }),
  );
}

/**
 * An option group that the manifest of a plugin names.
 *
 * @param specifier by which the plugin is imported
 * @throws KilonovaError `object.*`
 */
export async function loadOptionGroup(
  name: string,
  plugin: FoundPlugin,
  loader: ObjectLoader,
  specifier: string = plugin.name,
): Promise<OptionGroup> {
  const asked = `the manifest of ${plugin.name}`;
  const { value, title } = await loader.load(`${specifier}#${name}`, asked);
  if (isOptionGroup(value)) return value;
  const words = `${asked}: ${title}: expected an option group, received ${describeValue(value)}.`;
  throw new KilonovaError("object.wrongKind", words);
}

async function groupsOf(plugin: FoundPlugin, loader: ObjectLoader): Promise<readonly OptionGroup[]> {
  if (!plugin.fit) throw unfit(plugin);
  const groups: OptionGroup[] = [];
  for (const name of plugin.manifest?.optionGroups ?? []) groups.push(await loadOptionGroup(name, plugin, loader));
  return groups;
}

function unfit(plugin: FoundPlugin): KilonovaError {
  return new KilonovaError("plugin.unfit", `${describePackage(plugin)} cannot be used: ${plugin.problems.join("; ")}.`);
}
