import { withArticle } from "../container/object-kind.js";
import { describePackage, type FoundPlugin } from "./found-plugin.js";
import { provisionsOf } from "./provisions.js";

/**
 * Names that two plugins give to one kind: what a short name, or an entry in `hooks.disabled`, would mean twice. By
 * package, a clause each. Hooks that are disabled do not count.
 */
export function duplicatesOf(
  plugins: readonly FoundPlugin[],
  disabledHooks: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const all = plugins
    .flatMap((plugin) => provisionsOf(plugin))
    .filter(
      ({ kind, path, export: name }) =>
        kind !== "hook" || !disabledHooks.some((each) => each === path || each === name),
    );
  const problems = new Map<string, string[]>();
  for (const { plugin, kind, export: name, path } of all) {
    const others = all.filter((other) => other.kind === kind && other.export === name && other.plugin !== plugin);
    for (const other of others) {
      const remedy =
        kind === "hook" ? `turn one off by its path in hooks.disabled: ${other.path}` : `name it by its path: ${path}`;
      const words = `it provides ${withArticle(kind)} ${name}, and so does ${describePackage(other.plugin)}; ${remedy}`;
      problems.set(plugin.name, [...(problems.get(plugin.name) ?? []), words]);
    }
  }
  return problems;
}
