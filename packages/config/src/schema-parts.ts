import type { z } from "zod";

/** A schema's definition, told apart by its `type` word and not by class, for a plugin brings its own copy of zod. */
function definitionOf(type: z.core.$ZodType) {
  return (type as z.core.$ZodTypes)._zod.def;
}

/** The schema that a wrapper (default, optional, transform …) wraps, on the input side; undefined for no wrapper. */
export function innerOf(type: z.core.$ZodType): z.core.$ZodType | undefined {
  const definition = definitionOf(type);
  switch (definition.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return definition.innerType;
    case "pipe":
      return definition.in;
    case "lazy":
      return definition.getter();
    default:
      return undefined;
  }
}

/** One value inside another, with the schema it must meet. `type` is undefined for a key that the schema doesn't know. */
export interface Part {
  readonly key: string;
  readonly value: unknown;
  readonly type: z.core.$ZodType | undefined;
}

/** The parts of an object, list or record as its schema sees them; none for anything else. */
export function partsOf(type: z.core.$ZodType, value: unknown): readonly Part[] {
  const inner = innerOf(type);
  if (inner) return partsOf(inner, value);
  if (typeof value !== "object" || value === null) return [];
  const definition = definitionOf(type);
  switch (definition.type) {
    case "object": {
      const { shape, catchall } = definition;
      return Object.entries(value).map(([key, part]) => ({
        key,
        value: part,
        type: Object.hasOwn(shape, key) ? shape[key] : openCatchall(catchall),
      }));
    }
    case "array":
      return Object.entries(value).map(([key, part]) => ({ key, value: part, type: definition.element }));
    case "record":
      return Object.entries(value).map(([key, part]) => ({ key, value: part, type: definition.valueType }));
    default:
      return [];
  }
}

/** The names an object's schema declares; none for anything else. */
export function keysOf(type: z.core.$ZodType): readonly string[] {
  const inner = innerOf(type);
  if (inner) return keysOf(inner);
  const definition = definitionOf(type);
  return definition.type === "object" ? Object.keys(definition.shape) : [];
}

/** True when the schema is a list below its wrappers. */
export function isList(type: z.core.$ZodType): boolean {
  const inner = innerOf(type);
  return inner ? isList(inner) : definitionOf(type).type === "array";
}

/** True when the schema is a boolean below its wrappers. */
export function isBoolean(type: z.core.$ZodType): boolean {
  const inner = innerOf(type);
  return inner ? isBoolean(inner) : definitionOf(type).type === "boolean";
}

/** The branches of a union below its wrappers; none for anything else. */
export function branchesOf(type: z.core.$ZodType): readonly z.core.$ZodType[] {
  const inner = innerOf(type);
  if (inner) return branchesOf(inner);
  const definition = definitionOf(type);
  return definition.type === "union" ? definition.options : [];
}

/** The schemas below this one that a value may have to meet, whatever the value. */
export function schemasBelow(type: z.core.$ZodType): readonly z.core.$ZodType[] {
  const definition = definitionOf(type);
  // What z.preprocess gives has its schema on the output side.
  if (definition.type === "pipe") return [definition.in, definition.out];
  const inner = innerOf(type);
  if (inner) return [inner];
  switch (definition.type) {
    case "object":
      return Object.values(definition.shape);
    case "array":
      return [definition.element];
    case "record":
      return [definition.valueType];
    case "tuple":
      return definition.items;
    case "union":
      return definition.options;
    default:
      return [];
  }
}

function openCatchall(catchall: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  return catchall && definitionOf(catchall).type !== "never" ? catchall : undefined;
}
