import { Ajv, type ValidateFunction } from "ajv";
import { z } from "zod";
import { KilonovaError } from "./kilonova-error.js";

/** What a check found: undefined, or what is wrong in words such as `args/name must be string`. */
export type WireCheck = (value: unknown) => string | undefined;

// Formats need no validation of their own: only those pass that come with a pattern.
const ajv = (): Ajv =>
  new Ajv({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    validateFormats: false,
    keywords: ["since"],
  });

/**
 * Compiles wire schemas, each once. `strict` refuses properties that the schema does not name: right for arguments and
 * for our own results. A peer's results are checked `open`: a newer peer may say more than we know.
 */
export class WireSchemas {
  readonly #ajv = ajv();
  readonly #strict = new WeakMap<z.ZodType, WireCheck>();
  readonly #open = new WeakMap<z.ZodType, WireCheck>();

  strict(schema: z.ZodType, what: string): WireCheck {
    return this.#compiled(this.#strict, schema, "output", what);
  }

  open(schema: z.ZodType, what: string): WireCheck {
    return this.#compiled(this.#open, schema, "input", what);
  }

  #compiled(cache: WeakMap<z.ZodType, WireCheck>, schema: z.ZodType, io: "input" | "output", what: string): WireCheck {
    const known = cache.get(schema);
    if (known) return known;
    const made = checkOf(this.#ajv.compile(wireJsonSchema(schema, io, what)), what);
    cache.set(schema, made);
    return made;
  }
}

/**
 * The JSON Schema of a wire schema.
 *
 * @throws KilonovaError `contract.invalid` for a schema that JSON Schema cannot say in full: a checker made from it
 *   would let through what zod refuses, or refuse what it takes.
 */
export function wireJsonSchema(schema: z.ZodType, io: "input" | "output", what: string): Record<string, unknown> {
  assertWireSchema(schema, what);
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any", target: "draft-7" });
  return json;
}

/** @throws KilonovaError `contract.invalid` for a schema that JSON Schema cannot say in full */
export function assertWireSchema(schema: z.ZodType, what: string): void {
  const offence = unwireable(schema);
  if (!offence) return;
  throw new KilonovaError("contract.invalid", `${what}: no wire schema, for ${offence} cannot cross the wire.`);
}

const REFUSED_TYPES = new Set(
  "transform pipe default prefault catch date bigint map set promise function custom symbol success nan undefined void file".split(
    " ",
  ),
);

/** The first part of a schema that is not allowed on the wire, in words. */
function unwireable(root: z.core.$ZodType): string | undefined {
  const seen = new Set<z.core.$ZodType>();
  const pending = [root];
  for (let schema = pending.pop(); schema; schema = pending.pop()) {
    if (seen.has(schema)) continue;
    seen.add(schema);
    const definition = schema._zod.def as unknown as Record<string, unknown>;
    const type = String(definition["type"]);
    if (REFUSED_TYPES.has(type)) return `\`${type}\``;
    if (definition["coerce"] === true) return "`coerce`";
    const offence = [definition, ...checksOf(definition)].map(checkOffence).find((found) => found !== undefined);
    if (offence) return offence;
    pending.push(...childSchemas(schema));
  }
  return undefined;
}

function checksOf({ checks }: Record<string, unknown>): Record<string, unknown>[] {
  if (!Array.isArray(checks)) return [];
  return checks.map((check) => (check as { _zod?: { def?: Record<string, unknown> } })._zod?.def ?? {});
}

/** A check that JSON Schema can't say: code of one's own, a change of the value, a format that is no pattern. */
function checkOffence({ check, format, pattern }: Record<string, unknown>): string | undefined {
  if (check === "custom" || check === "property") return "`refine`";
  if (check === "overwrite") return "a check that changes its value";
  if (check !== "string_format") return undefined;
  if (!(pattern instanceof RegExp)) return `format \`${String(format)}\``;
  return /[^guv]/.test(pattern.flags) ? `the pattern \`${pattern}\` with its flags` : undefined;
}

/** The schemas that a schema is directly made of. */
export function childSchemas(schema: z.core.$ZodType): z.core.$ZodType[] {
  const definition = schema._zod.def as unknown as Record<string, unknown>;
  if (definition["type"] === "lazy") return [(definition["getter"] as () => z.core.$ZodType)()];
  const found: z.core.$ZodType[] = [];
  collect(Object.values(definition), found, 2);
  return found;
}

function collect(values: readonly unknown[], found: z.core.$ZodType[], depth: number): void {
  for (const value of values) {
    if (typeof value !== "object" || value === null) continue;
    if ("_zod" in value) {
      if ("def" in (value as z.core.$ZodType)._zod && "type" in (value as z.core.$ZodType)._zod.def)
        found.push(value as z.core.$ZodType);
      continue;
    }
    if (depth > 0) collect(Object.values(value), found, depth - 1);
  }
}

function checkOf(validate: ValidateFunction, what: string): WireCheck {
  return (value) => {
    if (validate(value)) return undefined;
    const [error] = validate.errors ?? [];
    if (!error) return `${what} is not valid`;
    const extra = (error.params as { additionalProperty?: string }).additionalProperty;
    return `${what}${error.instancePath} ${error.message ?? "is not valid"}${extra ? ` ("${extra}")` : ""}`;
  };
}
