import type { Configuration } from "@kilonova/config";
import { injectionsOf, readDriverToken } from "@kilonova/plugin-api";
import { isClass } from "../container/object-kind.js";
import type { ObjectLoader } from "../container/object-loader.js";
import { type NamedPath, namedPaths, pathsNamedBy } from "./plugin-uses.js";

/**
 * Loads what an option names, and declares the option groups of its module; nothing of it is made. That a short name is
 * known, that the path leads somewhere, and that there is what the option asks for, is certain then.
 *
 * @returns what was loaded; undefined where the process goes on without it, as the operator says
 * @throws KilonovaError `object.*`, `plugin.unfit`
 */
export async function loadNamed(
  configuration: Configuration,
  loader: ObjectLoader,
  { option, path, kind, isList }: NamedPath,
): Promise<unknown> {
  try {
    const { value, optionGroups } = await loader.load(path, `option ${option}`, kind);
    configuration.register(...optionGroups);
    return value;
  } catch (error) {
    if (!isList || !(await loader.goesOnWithout(path, error, "abort", kind))) throw error;
    return undefined;
  }
}

/**
 * Loads what options name, and what the constructors of that ask for by option in turn: all that will be made, before
 * anything is. A factory does not say what it asks for: all that its group names is loaded then.
 *
 * @param options by `group.option`
 * @throws KilonovaError `object.*`, `plugin.unfit`; ConfigurationError for options that are wrong
 */
export async function loadAskedFor(
  configuration: Configuration,
  loader: ObjectLoader,
  options: readonly string[],
): Promise<void> {
  const seen = new Set<string>();
  const load = async (option: string): Promise<void> => {
    if (seen.has(option)) return;
    seen.add(option);
    for (const named of pathsNamedBy(configuration, option)) {
      const value = await loadNamed(configuration, loader, named);
      for (const next of askedBy(value, option, configuration)) await load(next);
    }
  };
  for (const option of options) await load(option);
}

function askedBy(value: unknown, option: string, configuration: Configuration): readonly string[] {
  if (isClass(value)) {
    const injections = injectionsOf(value);
    for (const { optionGroup } of injections) if (optionGroup) configuration.register(optionGroup);
    return injections.flatMap(({ token }) => readDriverToken(token)?.option ?? []);
  }
  if (typeof value !== "function") return [];
  const [group = ""] = option.split(".");
  return namedPaths(configuration).flatMap((each) => (each.option.startsWith(`${group}.`) ? [each.option] : []));
}
