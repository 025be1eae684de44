import { withArticle } from "../container/object-kind.js";
import { describePackage, type FoundPlugin } from "./found-plugin.js";
import { isHookDisabled } from "./hook-disabled.js";
import { provisionsOf } from "./provisions.js";

/** A plugin that gives a name to something of a kind, where another one does too. */
export interface Duplicate {
  readonly plugin: FoundPlugin;
  readonly other: FoundPlugin;
  /** What is wrong with the first of the two, a clause. */
  readonly words: string;
}

/**
 * Names that two plugins give to one kind: what a short name, or an entry in `hooks.disabled`, would mean twice. Each is
 * there twice, once for each plugin. Hooks that are disabled do not count.
 */
export function duplicatesAmong(
  plugins: readonly FoundPlugin[],
  disabledHooks: readonly string[],
): readonly Duplicate[] {
  const all = plugins
    .flatMap((plugin) => provisionsOf(plugin))
    .filter(({ kind, path }) => kind !== "hook" || !isHookDisabled(disabledHooks, path));
  return all.flatMap(({ plugin, kind, export: name, path }) =>
    all
      .filter((other) => other.kind === kind && other.export === name && other.plugin !== plugin)
      .map((other) => {
        const remedy =
          kind === "hook"
            ? `turn one off by its path in hooks.disabled: ${other.path}`
            : `name it by its path: ${path}`;
        const words = `it provides ${withArticle(kind)} ${name}, and so does ${describePackage(other.plugin)}; ${remedy}`;
        return { plugin, other: other.plugin, words };
      }),
  );
}

/** The same with each name once, said of the plugin that comes later. */
export function clashesAmong(plugins: readonly FoundPlugin[], disabledHooks: readonly string[]): readonly Duplicate[] {
  const isLater = ({ plugin, other }: Duplicate) => plugins.indexOf(plugin) > plugins.indexOf(other);
  return duplicatesAmong(plugins, disabledHooks).filter(isLater);
}
