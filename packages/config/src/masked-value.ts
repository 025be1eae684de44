import type { z } from "zod";
import { metadataOf } from "./option-metadata.js";
import { partsOf, schemasBelow } from "./schema-parts.js";

const MASK = "***";
const LONGEST = 300;

/** A value as it may be shown: JSON, its secret parts and the passwords in its addresses masked. */
export function shownValue(type: z.core.$ZodType, value: unknown): string {
  return textOf(mask(type, value));
}

/** The part of a value under a path of keys, as a message may show it: masked likewise, and cut where it is long. */
export function shortValue(type: z.core.$ZodType, value: unknown, path: readonly string[]): string {
  let part = mask(type, value);
  for (const key of path) {
    if (part === MASK) break;
    part = Object.entries(part ?? {}).find(([each]) => each === key)?.[1];
  }
  const text = textOf(part);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** True when the schema, or any schema in it, is secret. */
export function holdsSecret(type: z.core.$ZodType, seen = new Set<z.core.$ZodType>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  return metadataOf(type).secret || schemasBelow(type).some((below) => holdsSecret(below, seen));
}

function textOf(value: unknown): string {
  if (value === undefined) return "nothing";
  try {
    return withoutPasswords(JSON.stringify(value) ?? String(value));
  } catch {
    return `a ${typeof value} that is no JSON`;
  }
}

/** A text with the passwords in its addresses masked. */
export function withoutPasswords(text: string): string {
  return text.replace(/(:\/\/[^:@/\s"]*:)[^@/\s"]+@/g, `$1${MASK}@`);
}

function mask(type: z.core.$ZodType, value: unknown): unknown {
  if (value === null || value === undefined || !holdsSecret(type)) return value;
  const parts = metadataOf(type).secret ? [] : partsOf(type, value);
  if (parts.length === 0) return MASK;
  const masked = parts.map((part) => [part.key, part.type ? mask(part.type, part.value) : MASK] as const);
  return Array.isArray(value) ? masked.map(([, part]) => part) : Object.fromEntries(masked);
}
