import { type Configuration, namedObjects, type Origin, objectPathsBelow, parseObjectPath } from "@kilonova/config";
import type { PluginKind } from "@kilonova/plugin-api";
import { checkedKind } from "../container/option-kind.js";
import { hooksOptions } from "../options.js";
import { isHookDisabled } from "./hook-disabled.js";
import type { PluginCatalog } from "./plugin-catalog.js";
import { provisionsOf } from "./provisions.js";

/** An object path that an option names. */
export interface NamedPath {
  /** `group.option` */
  readonly option: string;
  readonly path: string;
  /** What it has to lead to, as the option says. */
  readonly kind: PluginKind | undefined;
  readonly isList: boolean;
  readonly origin: Origin;
}

/**
 * The object paths that the options of the declared groups name, defaults included; hooks that enter by option too.
 *
 * @throws ConfigurationError where the values of a group that names some are wrong
 */
export function namedPaths(configuration: Configuration): readonly NamedPath[] {
  return configuration.groups().flatMap(({ name: group, schema }) =>
    Object.entries(schema.shape)
      .filter(([, type]) => objectPathsBelow(type).length > 0)
      .flatMap(([name]) => pathsNamedBy(configuration, `${group}.${name}`)),
  );
}

/** The object paths that one option names. @throws ConfigurationError as {@link namedPaths}, or where there is no such option */
export function pathsNamedBy(configuration: Configuration, option: string): readonly NamedPath[] {
  const { group, option: name, value, origin } = configuration.lookUp(option);
  const type = group.schema.shape[name];
  const isList = Array.isArray(value);
  return (type ? namedObjects(type, value) : []).map(({ path, kind }) => ({
    option,
    path,
    kind: checkedKind(kind, option),
    isList,
    origin,
  }));
}

/** By which options each plugin of a catalog is in use; `its manifest` for one whose hooks enter by themselves. */
export function pluginUses(
  configuration: Configuration,
  catalog: PluginCatalog,
): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, Set<string>>();
  const add = (plugin: string, by: string) => uses.set(plugin, (uses.get(plugin) ?? new Set()).add(by));
  for (const { option, path, kind } of namedPaths(configuration)) {
    const parsed = parseObjectPath(path);
    for (const plugin of catalog.plugins) {
      const { shortName, specifier = "" } = parsed ?? {};
      const isNamed =
        shortName === undefined
          ? specifier === plugin.name || specifier.startsWith(`${plugin.name}/`)
          : provisionsOf(plugin, kind).some((each) => each.export === shortName);
      if (isNamed) add(plugin.name, option);
    }
  }
  const { disabled } = configuration.get(hooksOptions);
  for (const { name, fit, manifest } of catalog.plugins) {
    const entering = fit ? (manifest?.hooks ?? []) : [];
    const isEntering = entering.some((hook) => !isHookDisabled(disabled, `${name}#${hook.export}`));
    if (isEntering) add(name, "its manifest");
  }
  return new Map([...uses].map(([name, by]) => [name, [...by]]));
}
