import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Configuration, FoundOption } from "./configuration.js";
import { groupSchema, optionSchema } from "./json-schema.js";
import { originText } from "./layer.js";
import { shownValue } from "./masked-value.js";

/** A value as it may be shown, and where it comes from. */
export interface ShownOption {
  /** As JSON, the way an operator would write it; secrets masked. */
  readonly value: string;
  readonly origin: string;
}

/** An option that has one value here and another there; of a secret only that it has. */
export interface OptionDifference {
  /** `group.option` */
  readonly option: string;
  /** Undefined where the option is not declared. */
  readonly before: ShownOption | undefined;
  readonly after: ShownOption | undefined;
}

interface Compared {
  readonly value: unknown;
  readonly shown: ShownOption;
}

/**
 * What differs between two configurations, whoever set it; the same length of time written in two ways does not.
 *
 * @throws ConfigurationError when a group's values are wrong in one of them.
 */
export function differences(before: Configuration, after: Configuration): readonly OptionDifference[] {
  return compared(valuesOf(before), valuesOf(after));
}

/**
 * What differs in a configuration from the defaults that the options declare.
 *
 * @throws ConfigurationError when a group's values are wrong.
 */
export function differencesFromDefaults(configuration: Configuration): readonly OptionDifference[] {
  const defaults = new Map([...configuration].map((found) => [nameOf(found), defaultOf(found)]));
  return compared(defaults, valuesOf(configuration));
}

function compared(
  before: ReadonlyMap<string, Compared>,
  after: ReadonlyMap<string, Compared>,
): readonly OptionDifference[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((option) => {
    const [one, other] = [before.get(option), after.get(option)];
    if (one && other && isDeepStrictEqual(one.value, other.value)) return [];
    return [{ option, before: one?.shown, after: other?.shown }];
  });
}

function valuesOf(configuration: Configuration): ReadonlyMap<string, Compared> {
  const shown = new Map(configuration.dump().map(({ option, value, origin }) => [option, { value, origin }]));
  return new Map(
    [...configuration].flatMap((found) => {
      const text = shown.get(nameOf(found));
      return text ? [[nameOf(found), { value: found.value, shown: text }] as const] : [];
    }),
  );
}

function defaultOf({ group, option }: FoundOption): Compared {
  const type = group.schema.shape[option] ?? z.undefined();
  const shown = shownValue(type, optionSchema(groupSchema(group), option).default);
  return { value: z.safeParse(type, undefined).data, shown: { value: shown, origin: originText({ from: "default" }) } };
}

function nameOf({ group, option }: FoundOption): string {
  return `${group.name}.${option}`;
}
