import type { z } from "zod";
import { schemasBelow } from "./schema-parts.js";

/**
 * True where a message stands in the schema as it is: made again without the value it is the same, so it tells nothing of
 * it.
 */
export function isLiteralMessage(type: z.core.$ZodType, { code, path, message }: z.core.$ZodIssue): boolean {
  // Each is written for the issues of its own check; what it makes of another is no message of that check's.
  const bare = { code, path, input: undefined } as never;
  return errorMapsOf(type).some((errorMap) => {
    try {
      const made = errorMap(bare);
      return (typeof made === "object" ? made?.message : made) === message;
    } catch {
      return false;
    }
  });
}

/** What schemas and their checks say in place of zod's own words, at any depth. */
function errorMapsOf(type: z.core.$ZodType, seen = new Set<z.core.$ZodType>()): readonly z.core.$ZodErrorMap<never>[] {
  if (seen.has(type)) return [];
  seen.add(type);
  const { error, checks = [] } = type._zod.def;
  const own = [error, ...checks.map((check) => check._zod.def.error)].filter((each) => each !== undefined);
  return [...own, ...schemasBelow(type).flatMap((below) => errorMapsOf(below, seen))];
}
