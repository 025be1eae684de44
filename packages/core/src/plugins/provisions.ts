import type { PluginKind, PluginManifest } from "@kilonova/plugin-api";
import type { FoundPlugin } from "./found-plugin.js";

type Provision = Pick<PluginManifest["provides"][number], "kind" | "export"> &
  Partial<PluginManifest["provides"][number]>;

/** Something that a plugin provides, by the path that leads to it. */
export interface AvailablePlugin extends Provision {
  readonly plugin: FoundPlugin;
  /** `package#export` */
  readonly path: string;
}

/** Kinds whose objects are also of another kind. */
const ALSO_A: Partial<Record<PluginKind, PluginKind>> = { "network-manager": "service" };

/** What a plugin that may be loaded provides, of one kind or of all; the hooks that it enters are hooks that it provides. */
export function provisionsOf(plugin: FoundPlugin, kind?: PluginKind): readonly AvailablePlugin[] {
  if (!plugin.fit || !plugin.manifest) return [];
  const hooks = plugin.manifest.hooks.map((hook): Provision => ({ kind: "hook", export: hook.export }));
  const distinct = new Map<string, Provision>();
  for (const each of [...plugin.manifest.provides, ...hooks]) {
    const key = `${each.kind} ${each.export}`;
    if (!distinct.has(key)) distinct.set(key, each);
  }
  return [...distinct.values()]
    .filter((each) => kind === undefined || each.kind === kind || ALSO_A[each.kind] === kind)
    .map((each) => ({ ...each, plugin, path: `${plugin.name}#${each.export}` }));
}
