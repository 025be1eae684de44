import { z } from "zod";
import type { OptionGroup } from "./option-group.js";
import { metadataOf } from "./option-metadata.js";

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The JSON Schema of what an operator may write for a group. */
export function groupSchema(group: OptionGroup): JsonSchema {
  return z.toJSONSchema(group.schema, {
    io: "input",
    unrepresentable: "any",
    // What is for the framework alone, at whatever depth.
    override: ({ jsonSchema: schema }) => {
      delete schema["objectPath"];
    },
  });
}

/** The JSON Schema of one option, defaults and title included. */
export function optionSchema(schema: JsonSchema, option: string): JsonSchema {
  const found = schema.properties?.[option];
  return typeof found === "object" ? found : {};
}

/**
 * The JSON Schema of a whole file, for editors. Nothing is required in it, since environment and command line may supply
 * what the file leaves out; old names are there, marked as deprecated.
 */
export function jsonSchema(groups: readonly OptionGroup[]): JsonSchema {
  const properties: Record<string, JsonSchema & { properties: Record<string, JsonSchema> }> = {};
  const definitions: Record<string, JsonSchema> = {};
  const groupIn = (name: string) => {
    properties[name] ??= { type: "object", properties: {}, additionalProperties: false };
    return properties[name].properties;
  };
  for (const group of groups) {
    const schema = groupSchema(group);
    Object.assign(definitions, schema.$defs);
    for (const [option, type] of Object.entries(group.schema.shape)) {
      const { secret, deprecatedNames, defaultText } = metadataOf(type);
      const { secret: _, mutable, deprecatedNames: __, defaultText: ___, ...plain } = optionSchema(schema, option);
      if (defaultText !== undefined) delete plain.default;
      groupIn(group.name)[option] = secret ? { ...plain, writeOnly: true } : plain;
      for (const old of deprecatedNames) {
        const [oldGroup, oldOption] = old.includes(".") ? splitName(old) : [group.name, old];
        groupIn(oldGroup)[oldOption] = { ...plain, deprecated: true, description: `Use ${group.name}.${option}.` };
      }
    }
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties,
    additionalProperties: false,
    ...(Object.keys(definitions).length > 0 && { $defs: definitions }),
  };
}

/** Group and option of `group.option`; an empty option where there is no dot. */
export function splitName(name: string): readonly [group: string, option: string] {
  const dot = name.indexOf(".");
  return dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot + 1)];
}

/** A type in words: `integer from 1`, `"a" | "b"`, `list of string`. A schema's title, where it has one, is its word. */
export function typeText(schema: JsonSchema): string {
  if (schema.title) return schema.title;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return branches.map((branch) => typeTextBelow(branch)).join(" | ");
  if (schema.type === "array") return `list of ${typeTextBelow(schema.items)}`;
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return `map of ${typeText(schema.additionalProperties)}`;
  }
  if (schema.type === "object" && schema.properties) return objectText(schema);
  if (schema.type === "integer" || schema.type === "number") return `${schema.type}${limitsText(schema)}`;
  return Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? "any value");
}

/** The properties of an object, each with `?` where it may be missing. */
function objectText({ properties = {}, required = [] }: JsonSchema): string {
  const names = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
  return names.length > 0 ? `{ ${names.join(", ")} }` : "object";
}

/** The limits of a number; zod's own, those of what a double holds exactly, are none. */
function limitsText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const limits: readonly (readonly [word: string, limit: unknown])[] = [
    ["from", minimum],
    ["above", exclusiveMinimum],
    ["to", maximum],
    ["below", exclusiveMaximum],
  ];
  const isReal = (limit: unknown) => typeof limit === "number" && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  return limits.flatMap(([word, limit]) => (isReal(limit) ? [` ${word} ${limit}`] : [])).join("");
}

function typeTextBelow(schema: JsonSchema["items"]): string {
  return typeof schema === "object" && !Array.isArray(schema) ? typeText(schema) : "any value";
}
