import { z } from "zod";
import type { ConfigurationProblem } from "./configuration-error.js";
import { groupSchema, optionSchema, typeText } from "./json-schema.js";
import { isLiteralMessage } from "./literal-message.js";
import { holdsSecret, shortValue } from "./masked-value.js";
import { nearestName } from "./nearest-name.js";
import type { OptionGroup } from "./option-group.js";
import { branchesOf, keysOf, partsOf } from "./schema-parts.js";
import { accepts } from "./text-value.js";

/** The value that an option was given, and where. */
export interface GivenValue {
  readonly input: unknown;
  readonly place: string;
}

/** Puts what zod found wrong with an option's value into the operator's words. */
export function issueProblem(
  group: OptionGroup,
  given: ReadonlyMap<string, GivenValue>,
  issue: z.core.$ZodIssue,
): ConfigurationProblem {
  const [option, ...below] = issue.path.map(String);
  const type =
    option !== undefined && Object.hasOwn(group.schema.shape, option) ? group.schema.shape[option] : undefined;
  if (option === undefined || !type) {
    return { option: group.name, place: "the group as a whole", expected: issue.message, received: "its values" };
  }
  const { input, place } = given.get(option) ?? { input: undefined, place: "not set" };
  return {
    option: [group.name, option, ...below].join("."),
    place,
    expected: expectedBy(
      issue,
      optionSchema(groupSchema(group), option),
      holdsSecret(type) && !isLiteralMessage(type, issue),
    ),
    received: shortValue(type, input, below),
  };
}

/**
 * A title speaks for the whole option, and zod says "Invalid input: expected X, received Y". Otherwise the schema's own
 * message is taken whole, unless it may tell a secret: its author may have quoted the value there.
 */
function expectedBy(issue: z.core.$ZodIssue, schema: z.core.JSONSchema.JSONSchema, mayTell: boolean): string {
  const isWhole = issue.path.length === 1;
  if (isWhole && (schema.title || issue.code === "invalid_union")) return typeText(schema);
  if (mayTell && issue.code === "custom") return typeText(schema);
  const message = mayTell ? plainMessage(issue) : issue.message;
  const [, expected = message] = /expected (?:an? )?(.+?)(?:, received .*)?$/s.exec(message) ?? [];
  return expected.replace(/^Invalid (\w+): must /, "a $1 that must ").replace(/^Invalid (?!input$)/, "a valid ");
}

/** zod's own words for an issue, which never hold the value, in place of the schema's. */
function plainMessage(issue: z.core.$ZodIssue): string {
  const { input: _, ...rest } = issue;
  const message = z.locales.en().localeError({ ...rest, input: undefined });
  return (typeof message === "string" ? message : message?.message) ?? "another value";
}

/** Keys inside an option's value that its schema doesn't know: zod drops them, and a typing error with them. */
export function unknownKeyProblems(
  name: string,
  type: z.core.$ZodType,
  value: unknown,
  place: string,
): readonly ConfigurationProblem[] {
  const branch = branchesOf(type).find((each) => accepts(each, value));
  if (branch) return unknownKeyProblems(name, branch, value, place);
  const parts = partsOf(type, value);
  return parts.flatMap((part) => {
    if (part.type) return unknownKeyProblems(`${name}.${part.key}`, part.type, part.value, place);
    return [unknownName(`${name}.${part.key}`, place, `${name}.`, part.key, keysOf(type))];
  });
}

/** The problem of a name that nobody declared. The value is not shown: it may be a secret under a mistyped name. */
export function unknownName(
  option: string,
  place: string,
  prefix: string,
  name: string,
  known: Iterable<string>,
): ConfigurationProblem {
  const nearest = nearestName(name, known);
  const problem = { option, place, expected: "a known option", received: "an unknown one" };
  return nearest === undefined ? problem : { ...problem, suggestion: `${prefix}${nearest}` };
}
