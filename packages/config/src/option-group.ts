import type { z } from "zod";
import { metadataOf } from "./option-metadata.js";

const OPTION_GROUP = Symbol.for("kilonova.optionGroup");

/**
 * The declaration of a group of options: one zod object gives the types, the validation, the help, the sample file and
 * the editor's schema. Every option needs a description and, unless the operator must supply it, a default.
 *
 * A group is a plain value without behaviour, so that one declared by a package that holds a second copy of this one
 * is as good as ours.
 */
export interface OptionGroup<Name extends string = string, Schema extends z.ZodObject = z.ZodObject> {
  readonly [OPTION_GROUP]: 1;
  /** The key in the file (`scheduler: …`), on the command line (`--scheduler.x`), in the environment (`KILONOVA_SCHEDULER__X`). */
  readonly name: Name;
  readonly schema: Schema;
}

/** The values of a group: defaults filled, durations in milliseconds, frozen. */
export type Options<Group extends OptionGroup> = Readonly<z.output<Group["schema"]>>;

const CAMEL_CASE = /^[a-z][A-Za-z0-9]*$/;

/**
 * Declares a group of options.
 *
 * @example
 * export const exampleOptions = optionGroup("example", z.object({
 *   driver: z.string().default("./greeting.js#Greeting").describe("Who greets, as an object path."),
 * }));
 *
 * @throws TypeError when a name is not in camelCase or an option has no description: a mistake in the program.
 */
export function optionGroup<const Name extends string, Schema extends z.ZodObject>(
  name: Name,
  schema: Schema,
): OptionGroup<Name, Schema> {
  if (!CAMEL_CASE.test(name)) throw new TypeError(`option group "${name}": a name in camelCase is expected`);
  for (const [option, type] of Object.entries(schema.shape)) {
    if (!CAMEL_CASE.test(option)) throw new TypeError(`option ${name}.${option}: a name in camelCase is expected`);
    if (!metadataOf(type).description) throw new TypeError(`option ${name}.${option} has no description`);
  }
  return Object.freeze({ [OPTION_GROUP]: 1 as const, name, schema });
}

/** True for a group made by this or any other copy of this package. */
export function isOptionGroup(value: unknown): value is OptionGroup {
  return typeof value === "object" && value !== null && Object.hasOwn(value, OPTION_GROUP);
}
