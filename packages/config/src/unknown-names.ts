import type { ConfigurationProblem } from "./configuration-error.js";
import { oldNames } from "./group-values.js";
import { unknownName } from "./issue-problem.js";
import { splitName } from "./json-schema.js";
import { type Entry, keyIn, type Layer, originText } from "./layer.js";
import type { OptionGroup } from "./option-group.js";

/** What the layers name and no group declares: options, or whole groups, each of these once a layer. */
export function unknownNames(
  layers: readonly Layer[],
  groups: ReadonlyMap<string, OptionGroup>,
): readonly ConfigurationProblem[] {
  return layers.flatMap((layer) => {
    const current = namesIn(layer, groups, (group, option) => [[group, option]]);
    const old = namesIn(layer, groups, (group, _, type) => oldNames(group, type));
    const strangers = [...layer.entries].filter(([key]) => !current.has(key) && !old.has(key) && !groups.has(key));
    return layer.keyedBy === "variable"
      ? strangers.map(([key]) => unknownName(key, "environment", "", key, current))
      : unknownOptions(strangers, groups);
  });
}

function unknownOptions(
  strangers: readonly (readonly [string, Entry])[],
  groups: ReadonlyMap<string, OptionGroup>,
): readonly ConfigurationProblem[] {
  const named = new Set<string>();
  return strangers.flatMap(([key, { origin }]) => {
    const [name, option] = splitName(key);
    const group = groups.get(name);
    const place = originText(origin);
    if (group) return [unknownName(key, place, `${name}.`, option, Object.keys(group.schema.shape))];
    if (named.has(name)) return [];
    named.add(name);
    return [unknownName(name, place, "", name, groups.keys())];
  });
}

type NamesOf = (
  group: string,
  option: string,
  type: OptionGroup["schema"]["shape"][string],
) => readonly (readonly [group: string, option: string])[];

function namesIn(layer: Layer, groups: ReadonlyMap<string, OptionGroup>, namesOf: NamesOf): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name, schema } of groups.values()) {
    for (const [option, type] of Object.entries(schema.shape)) {
      for (const [group, each] of namesOf(name, option, type)) names.add(keyIn(layer, group, each));
    }
  }
  return names;
}
