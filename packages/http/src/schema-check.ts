import { wireJsonSchema } from "@kilonova/messaging";
import { Ajv, type AnySchemaObject, type ErrorObject, type ValidateFunction } from "ajv";
import type { z } from "zod";
import { ApiFault } from "./api-fault.js";

/** Throws a fault for a value that is not what the schema says, else answers what the handler gets. */
export type SchemaCheck = (value: unknown) => unknown;

const settings = { allErrors: false, strict: true, strictTypes: false, validateFormats: false } as const;

/** Makes the checkers of a web service's schemas, and refuses what is no wire schema. Once, at the mount. */
export class SchemaCompiler {
  readonly #exact = new Ajv(settings);
  readonly #fromText = new Ajv({ ...settings, coerceTypes: "array" });

  /** Unknown keys are refused unless the schema is loose. */
  body(schema: z.ZodType, what: string): SchemaCheck {
    const errorsOf = checker(this.#exact, wireJsonSchema(schema, "output", what));
    return (value) => {
      const errors = errorsOf(value);
      if (!errors) return value;
      throw new ApiFault(400, `Invalid input: ${problemOf(errors, "the body")}.`);
    };
  }

  /** Text becomes what the schema says; unknown names are ignored, refused or kept, as the schema's kind says. */
  query(schema: z.ZodObject, what: string): SchemaCheck {
    const errorsOf = checker(this.#fromText, wireJsonSchema(schema, "input", what));
    const names = schema.def.catchall === undefined ? Object.keys(schema.shape) : undefined;
    return (value) => {
      const query = { ...(names ? picked(value as Record<string, unknown>, names) : (value as object)) };
      const errors = errorsOf(query);
      if (!errors) return query;
      throw new ApiFault(400, `Invalid input: ${problemOf(errors, "the query")}.`);
    };
  }

  params(schema: z.ZodObject, what: string): SchemaCheck {
    const errorsOf = checker(this.#exact, wireJsonSchema(schema, "input", what));
    return (value) => {
      if (!errorsOf(value)) return value;
      throw new ApiFault(404, "The resource could not be found.");
    };
  }

  /** What is wrong with a reply, for listeners that check them: undefined, or words. */
  reply(schema: z.ZodType, what: string): (value: unknown) => string | undefined {
    const errorsOf = checker(this.#exact, wireJsonSchema(schema, "output", what));
    return (value) => {
      const errors = errorsOf(value);
      return errors && problemOf(errors, "the reply");
    };
  }
}

/**
 * Answers what is wrong with a value; undefined where nothing is. Compiled when the first value comes: that takes about
 * a millisecond, a cloud has hundreds of schemas, and few of them are needed soon after its start.
 */
function checker(ajv: Ajv, schema: AnySchemaObject): (value: unknown) => readonly ErrorObject[] | undefined {
  let validate: ValidateFunction | undefined;
  return (value) => {
    validate ??= ajv.compile(schema);
    return validate(value) ? undefined : (validate.errors ?? []);
  };
}

function picked(source: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name of names) if (Object.hasOwn(source, name)) found[name] = source[name];
  return found;
}

function problemOf(errors: readonly ErrorObject[], whole: string): string {
  const [error] = errors;
  if (!error) return `${whole} is not valid`;
  const place = error.instancePath.slice(1);
  const where = place === "" ? whole : place;
  if (error.keyword === "additionalProperties") {
    return `${where} has the unknown property "${(error.params as { additionalProperty: string }).additionalProperty}"`;
  }
  const choices =
    error.keyword === "enum" ? ` (${(error.params as { allowedValues: unknown[] }).allowedValues.join(", ")})` : "";
  return `${where} ${error.message ?? "is not valid"}${choices}`;
}
