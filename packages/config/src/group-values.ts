import { z } from "zod";
import type { ConfigurationProblem } from "./configuration-error.js";
import { type GivenValue, issueProblem, unknownKeyProblems } from "./issue-problem.js";
import { splitName } from "./json-schema.js";
import { type Entry, keyIn, type Layer, type Origin, originText } from "./layer.js";
import type { OptionGroup } from "./option-group.js";
import { metadataOf } from "./option-metadata.js";
import { valueOfTexts } from "./text-value.js";

/** The value an option was given, as it was written, and by whom. Options that nobody set are not in the map. */
export type Choices = ReadonlyMap<string, { readonly input: unknown; readonly origin: Origin }>;

/** Old names of an option as group and option. */
export function oldNames(group: string, type: z.core.$ZodType): readonly (readonly [group: string, option: string])[] {
  return metadataOf(type).deprecatedNames.map((name) => (name.includes(".") ? splitName(name) : [group, name]));
}

/**
 * Picks for each option of a group the last layer that sets it. Within a layer the present name goes before old ones.
 * What was read under an old name, or should not stand where it does, is said through `warn`.
 */
export function chooseValues(group: OptionGroup, layers: readonly Layer[], warn: (text: string) => void): Choices {
  const choices = new Map<string, { input: unknown; origin: Origin }>();
  for (const [option, type] of Object.entries(group.schema.shape)) {
    for (const layer of layers) {
      let chosen: Entry | undefined = layer.entries.get(keyIn(layer, group.name, option));
      for (const [oldGroup, oldOption] of oldNames(group.name, type)) {
        const key = keyIn(layer, oldGroup, oldOption);
        const old = layer.entries.get(key);
        if (!old) continue;
        warn(`${key} (${originText(old.origin)}) is deprecated; use ${keyIn(layer, group.name, option)}`);
        chosen ??= old;
      }
      if (!chosen) continue;
      if (chosen.origin.from === "command line" && metadataOf(type).secret) {
        warn(
          `${group.name}.${option} is a secret and stands on the command line, where every user of this host sees it`,
        );
      }
      const input = "texts" in chosen ? valueOfTexts(type, chosen.texts) : chosen.value;
      choices.set(option, { input, origin: chosen.origin });
    }
  }
  return choices;
}

/** Checks a group's chosen values against its schema: the frozen values, or all that is wrong with them. */
export function parseValues(
  group: OptionGroup,
  choices: Choices,
): { readonly values: Readonly<Record<string, unknown>> } | { readonly problems: readonly ConfigurationProblem[] } {
  const given = new Map<string, GivenValue>();
  for (const [option, { input, origin }] of choices) given.set(option, { input, place: originText(origin) });
  const problems: ConfigurationProblem[] = [];
  for (const [option, { input, place }] of given) {
    const type = group.schema.shape[option];
    if (type) problems.push(...unknownKeyProblems(`${group.name}.${option}`, type, input, place));
  }
  const hasUnknown = problems.length > 0;
  const input = Object.fromEntries([...given].map(([option, value]) => [option, value.input]));
  try {
    const parsed = group.schema.safeParse(input);
    if (parsed.success && !hasUnknown) return { values: deepFrozen(parsed.data) };
    for (const issue of parsed.error?.issues ?? []) {
      if (issue.code === "unrecognized_keys" && hasUnknown) continue;
      problems.push(issueProblem(group, given, issue));
    }
  } catch (error) {
    problems.push(...thrownProblems(group, given, error));
  }
  return { problems };
}

/** A transform or check of the schema threw instead of reporting: the options it does so for are found one by one. */
function thrownProblems(
  group: OptionGroup,
  given: ReadonlyMap<string, GivenValue>,
  error: unknown,
): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  for (const [option, type] of Object.entries(group.schema.shape)) {
    const issuesOf = () => z.safeParse(type, given.get(option)?.input).error?.issues ?? [];
    const issues = attempt(issuesOf, (reason) => [thrownIssue(reason)]);
    problems.push(...issues.map((issue) => issueProblem(group, given, { ...issue, path: [option, ...issue.path] })));
  }
  return problems.length > 0 ? problems : [issueProblem(group, given, thrownIssue(error))];
}

function thrownIssue(reason: unknown): z.core.$ZodIssue {
  return { code: "custom", path: [], message: reason instanceof Error ? reason.message : String(reason) };
}

function attempt<T>(action: () => T, otherwise: (reason: unknown) => T): T {
  try {
    return action();
  } catch (reason) {
    return otherwise(reason);
  }
}

function deepFrozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
  for (const part of Object.values(value)) deepFrozen(part);
  return Object.freeze(value);
}
