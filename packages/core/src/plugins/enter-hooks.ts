import type { Configuration } from "@kilonova/config";
import type { Hook, HookEntry } from "@kilonova/plugin-api";
import type { Container } from "../container/container.js";
import type { HookFactory } from "../hooks/entered-hook.js";
import { assertHook } from "../hooks/hook-check.js";
import { possibleSteps } from "../hooks/hook-steps.js";
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
  /** The class, factory or instance that the path leads to. */
  readonly value: unknown;
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

/**
 * Has checked hooks enter their points. A class that enters several is one object, so that it can remember at one point what
 * happened at another.
 */
export function enterHooks(loaded: readonly LoadedHook[], hooks: Hooks, container: Container): void {
  const makers = new Map<unknown, HookFactory>();
  for (const { path, title, value, asked, entry } of loaded) {
    const make = makers.get(value) ?? makerOfOne(path, title, asked, container);
    makers.set(value, make);
    const check = () => container.checkMakeable(value, title);
    hooks.enter(path, entry, make, { steps: possibleSteps(value), check });
  }
}

/** Makes a hook once; where that fails, again when it is asked for again. */
function makerOfOne(path: string, title: string, asked: string, container: Container): HookFactory {
  let making: Promise<Hook> | undefined;
  const make = async (): Promise<Hook> => {
    const made = await container.load(path, asked);
    assertHook(made, title, asked);
    return made;
  };
  return () => {
    making ??= make().catch((error: unknown) => {
      making = undefined;
      throw error;
    });
    return making;
  };
}

async function loadHook({ path, asked, entry }: FoundHook, { catalog, loader }: ProcessPlugins): Promise<LoadedHook> {
  const full = catalog.pathIfShort(path, asked, "hook");
  const { value, title } = await loader.load(full, asked, "hook");
  return { path: full, title, value, asked, entry };
}

/** An option that names a hook means it; what a manifest enters may be missing where its failure would be let pass. */
function presetOf({ plugin, entry }: FoundHook): StartPolicy {
  return plugin && entry.failure === "open" ? "continue" : "abort";
}
