import type { z } from "zod";
import { higherVersion, isCompatible, type Version } from "./version.js";
import { childSchemas } from "./wire-schema.js";

/**
 * Marks a property as newer than what it stands in: an argument, or a property at any depth of arguments, results and
 * details of refusals. To a peer that does not know that version, an optional one is not sent; a required argument is
 * refused instead.
 */
export function since<Schema extends z.ZodType>(version: Version, schema: Schema): Schema {
  return schema.meta({ ...schema.meta(), since: version });
}

/** The version that brought a property, where it says so. */
export function sinceOf(schema: z.core.$ZodType): Version | undefined {
  // `since` may stand inside `.optional()` as well as around it.
  return wrappingsOf(schema)
    .map(ownMark)
    .find((mark) => mark !== undefined);
}

/** A schema, and what it wraps as `.optional()` and its like do. */
function wrappingsOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  const found: z.core.$ZodType[] = [];
  for (let part: z.core.$ZodType | undefined = schema; part; part = definitionOf(part).innerType) found.push(part);
  return found;
}

/** All versions that the marks of a schema name, at any depth. */
export function marksOf(schema: z.core.$ZodType): readonly Version[] {
  return [...reachableFrom(schema)].map(ownMark).filter((mark) => mark !== undefined);
}

/**
 * What is wrong with the marks of a schema, in words: one that stands where nothing can be left out, and, where `base` is
 * given, a required property that is newer than that. Peers as old as `base` could not do without it.
 */
export function markOffence(root: z.core.$ZodType, base?: Version): string | undefined {
  if (marksOf(root).length === 0) return undefined;
  const atProperties = new Set<z.core.$ZodType>();
  for (const schema of reachableFrom(root)) {
    const { type, shape = {} } = definitionOf(schema);
    if ((type === "union" || type === "intersection") && marksOf(schema).length > 0)
      return `\`since\` inside \`${type}\` cannot be left out`;
    for (const [name, property] of Object.entries(shape)) {
      for (const part of wrappingsOf(property)) atProperties.add(part);
      const came = sinceOf(property);
      if (base && came && !isCompatible(base, came) && !isOptional(property))
        return `property \`${name}\` is newer than its method, and must be optional`;
    }
  }
  const stray = [...reachableFrom(root)].some((schema) => ownMark(schema) && !atProperties.has(schema));
  return stray ? "`since` stands at something that is no property of an object" : undefined;
}

/** A value as a peer gets it. */
export interface Fitted {
  readonly value: unknown;
  /** The newest mark of what is left in it. */
  readonly newest?: Version;
  /** A required property that the peer does not know. */
  readonly missing?: { readonly path: string; readonly since: Version };
}

/** Fits values to what a peer knows. Schemas are looked through once; one without marks costs a look-up from then on. */
export class SinceMarks {
  readonly #trims = new WeakMap<z.core.$ZodType, Trim | typeof UNMARKED>();

  /** A value of this schema without what is newer than `knows`. */
  fit(schema: z.core.$ZodType, value: unknown, knows: Version): Fitted {
    const trim = this.#trimOf(schema);
    if (!trim) return { value };
    const peer: Peer = { knows, path: [] };
    const fitted = trim(value, peer);
    const { newest, missing } = peer;
    return { value: fitted, ...(newest ? { newest } : {}), ...(missing ? { missing } : {}) };
  }

  #trimOf(schema: z.core.$ZodType): Trim | undefined {
    const known = this.#trims.get(schema) ?? this.#learn(schema);
    return known === UNMARKED ? undefined : known;
  }

  #learn(schema: z.core.$ZodType): Trim | typeof UNMARKED {
    const trim = marksOf(schema).length === 0 ? UNMARKED : this.#trim(schema);
    this.#trims.set(schema, trim);
    return trim;
  }

  /** What lies below is looked up when it is needed: a schema may contain itself. */
  #trim(schema: z.core.$ZodType): Trim {
    const { type, innerType, element, valueType, getter, items, rest } = definitionOf(schema);
    if (type === "object") return this.#trimObject(schema);
    if (type === "record" && valueType) {
      return (value, peer) => mapEntries(value, (name, part) => [name, this.#below(valueType, part, peer, name)]);
    }
    if (type === "array" && element) {
      return (value, peer) => mapItems(value, (part, index) => this.#below(element, part, peer, index));
    }
    if (type === "tuple") {
      const at = (index: number) => items?.[index] ?? rest ?? undefined;
      return (value, peer) => mapItems(value, (part, index) => this.#below(at(index), part, peer, index));
    }
    const inner = innerType ?? getter?.();
    return (value, peer) => (inner ? (this.#trimOf(inner)?.(value, peer) ?? value) : value);
  }

  #trimObject(schema: z.core.$ZodType): Trim {
    const properties = new Map(
      Object.entries(definitionOf(schema).shape ?? {}).map(([name, property]) => {
        return [name, { property, came: sinceOf(property), optional: isOptional(property) }] as const;
      }),
    );
    return (value, peer) =>
      mapEntries(value, (name, part) => {
        const known = properties.get(name);
        if (part === undefined) return undefined;
        if (!known) return [name, part];
        const { property, came, optional } = known;
        if (came && !isCompatible(peer.knows, came)) {
          if (!optional) peer.missing ??= { path: [...peer.path, name].join("."), since: came };
          return undefined;
        }
        if (came) peer.newest = peer.newest ? higherVersion(peer.newest, came) : came;
        return [name, this.#below(property, part, peer, name)];
      });
  }

  #below(schema: z.core.$ZodType | undefined, value: unknown, peer: Peer, step: string | number): unknown {
    const trim = schema && this.#trimOf(schema);
    if (!trim) return value;
    peer.path.push(step);
    const trimmed = trim(value, peer);
    peer.path.pop();
    return trimmed;
  }
}

/** Who is to understand a value, and what was found in it so far. */
interface Peer {
  readonly knows: Version;
  readonly path: (string | number)[];
  newest?: Version;
  missing?: NonNullable<Fitted["missing"]>;
}

type Trim = (value: unknown, peer: Peer) => unknown;

const UNMARKED = Symbol("no mark");

/** Whatever is no object is left to the checks. */
function mapEntries(
  value: unknown,
  map: (name: string, part: unknown) => readonly [string, unknown] | undefined,
): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, part]) => map(name, part))
      .filter((entry) => entry !== undefined),
  );
}

function mapItems(value: unknown, map: (part: unknown, index: number) => unknown): unknown {
  return Array.isArray(value) ? value.map(map) : value;
}

function reachableFrom(root: z.core.$ZodType): Set<z.core.$ZodType> {
  // A set is walked through to what is added on the way.
  const found = new Set([root]);
  for (const schema of found) for (const child of childSchemas(schema)) found.add(child);
  return found;
}

function isOptional(schema: z.core.$ZodType): boolean {
  return (schema as z.ZodType).safeParse(undefined).success;
}

function ownMark(schema: z.core.$ZodType): Version | undefined {
  const { since: version } = ((schema as z.ZodType).meta() ?? {}) as { since?: Version };
  return version;
}

/** What a schema says of its parts, by kind; each kind has some of them. */
interface SchemaParts {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly getter?: () => z.core.$ZodType;
  readonly items?: readonly z.core.$ZodType[];
  readonly rest?: z.core.$ZodType | null;
}

function definitionOf(schema: z.core.$ZodType): SchemaParts {
  return schema._zod.def as unknown as SchemaParts;
}
