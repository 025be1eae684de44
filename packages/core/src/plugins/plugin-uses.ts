import { type Configuration, describeOptions, type Origin, parseObjectPath } from "@kilonova/config";
import { hooksOptions } from "../options.js";
import type { PluginCatalog } from "./plugin-catalog.js";
import { provisionsOf } from "./provisions.js";

/** An object path that an option names. */
export interface NamedPath {
  /** `group.option` */
  readonly option: string;
  readonly path: string;
  readonly isList: boolean;
  readonly origin: Origin;
}

/** `typeText` of an option that takes one object path, or a list of them. */
const OBJECT_PATHS = /^(list of )?object path\b/;

/** The object paths that the options of the declared groups name, defaults included; hooks that enter by option too. */
export function namedPaths(configuration: Configuration): readonly NamedPath[] {
  const asking = describeOptions(configuration.groups()).filter(({ type }) => OBJECT_PATHS.test(type));
  const direct = asking.flatMap(({ group, option: name }) => {
    const option = `${group}.${name}`;
    const { value, origin } = configuration.lookUp(option);
    const paths = [value].flat().filter((path) => typeof path === "string");
    return paths.map((path) => ({ option, path, isList: Array.isArray(value), origin }));
  });
  const { origin } = configuration.lookUp("hooks.use");
  const hooks = configuration.get(hooksOptions).use.map(({ hook }) => ({ path: hook, origin }));
  return [...direct, ...hooks.map((each) => ({ option: "hooks.use", isList: true, ...each }))];
}

/** By which options each plugin of a catalog is in use; `its manifest` for one whose hooks enter by themselves. */
export function pluginUses(
  configuration: Configuration,
  catalog: PluginCatalog,
): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, Set<string>>();
  const add = (plugin: string, by: string) => uses.set(plugin, (uses.get(plugin) ?? new Set()).add(by));
  for (const { option, path } of namedPaths(configuration)) {
    const parsed = parseObjectPath(path);
    for (const plugin of catalog.plugins) {
      const { shortName, specifier = "" } = parsed ?? {};
      const isNamed =
        shortName === undefined
          ? specifier === plugin.name || specifier.startsWith(`${plugin.name}/`)
          : provisionsOf(plugin).some((each) => each.export === shortName);
      if (isNamed) add(plugin.name, option);
    }
  }
  const { disabled } = configuration.get(hooksOptions);
  for (const { name, fit, manifest } of catalog.plugins) {
    const entering = fit ? (manifest?.hooks ?? []) : [];
    const isEntering = entering.some(
      (hook) => !disabled.some((each) => each === hook.export || each === `${name}#${hook.export}`),
    );
    if (isEntering) add(name, "its manifest");
  }
  return new Map([...uses].map(([name, by]) => [name, [...by]]));
}
