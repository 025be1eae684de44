import type { Configuration } from "@kilonova/config";
import type { HookEntry } from "@kilonova/plugin-api";
import type { Container } from "../container/container.js";
import { assertHook } from "../hooks/hook-check.js";
import type { Hooks } from "../hooks/hooks.js";
import { hooksOptions } from "../options.js";
import { type FoundHook, hookEntries } from "./hook-entries.js";
import type { StartPolicy } from "./plugin-start.js";
import type { ProcessPlugins } from "./start-plugins.js";

/** A hook that was found and checked; it is made at its first call. */
export interface LoadedHook {
  /** Its object path, short names resolved. */
  readonly path: string;
  /** The path with package and version, for messages. */
  readonly title: string;
  readonly asked: string;
  readonly entry: HookEntry;
}

/**
 * Loads the hooks that enter a process by its configuration or by the manifests of installed plugins, and checks that they
 * are hooks.
 *
 * @throws KilonovaError `object.*` or `plugin.unfit` for one that the process does not go on without
 */
export async function loadHooks(configuration: Configuration, plugins: ProcessPlugins): Promise<readonly LoadedHook[]> {
  const loaded: LoadedHook[] = [];
  for (const hook of hookEntries(configuration.get(hooksOptions), plugins.catalog)) {
    if (hook.disabled) continue;
    try {
      loaded.push(await loadHook(hook, plugins));
    } catch (error) {
      if (!(await plugins.loader.goesOnWithout(hook.path, error, presetOf(hook), "hook"))) throw error;
    }
  }
  return loaded;
}

/** Has checked hooks enter their points. */
export function enterHooks(loaded: readonly LoadedHook[], hooks: Hooks, container: Container): void {
  for (const { path, title, asked, entry } of loaded) {
    hooks.enter(path, entry, async () => {
      const made = await container.load(path, asked);
      assertHook(made, title, asked);
      return made;
    });
  }
}

async function loadHook({ path, asked, entry }: FoundHook, { catalog, loader }: ProcessPlugins): Promise<LoadedHook> {
  const full = catalog.pathIfShort(path, asked, "hook");
  const { value, title } = await loader.load(full, asked);
  assertHook(value, title, asked);
  return { path: full, title, asked, entry };
}

/** An option that names a hook means it; what a manifest enters may be missing where its failure would be let pass. */
function presetOf({ plugin, entry }: FoundHook): StartPolicy {
  return plugin && entry.failure === "open" ? "continue" : "abort";
}
