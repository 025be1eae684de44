import { isKilonovaError, messageOf } from "@kilonova/messaging";
import type { ObjectLoader } from "../container/object-loader.js";
import type { FoundPlugin } from "./found-plugin.js";
import { loadOptionGroup } from "./plugin-groups.js";
import { provisionsOf } from "./provisions.js";

/**
 * Loads a plugin and compares what its manifest says with what it exports; nothing of it is made. A plugin that is not fit
 * is not loaded.
 *
 * @param specifier by which it is imported; the name of its package unless given
 * @returns what is wrong, a sentence each, with what was expected and what was received
 */
export async function checkExports(
  plugin: FoundPlugin,
  loader: ObjectLoader,
  specifier: string = plugin.name,
): Promise<readonly string[]> {
  if (!plugin.fit || !plugin.manifest) return [];
  const asked = `the manifest of ${plugin.name}`;
  const checks = [
    ...provisionsOf(plugin).map((each) => () => loader.load(`${specifier}#${each.export}`, asked, each.kind)),
    ...plugin.manifest.optionGroups.map((name) => () => loadOptionGroup(name, plugin, loader, specifier)),
  ];
  const problems = new Set<string>();
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      if (!isKilonovaError(error)) throw error;
      problems.add(messageOf(error));
    }
  }
  return [...problems];
}
