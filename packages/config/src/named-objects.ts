import type { z } from "zod";
import { metadataOf } from "./option-metadata.js";
import { branchesOf, innerOf, partsOf, schemasBelow } from "./schema-parts.js";

/** An object path that stands in the value of an option. */
export interface NamedObject {
  readonly path: string;
  /** What the object has to be, as its option says. */
  readonly kind: string | undefined;
}

/** What an option says of the object paths in its value, one entry for each place where one may stand. */
export function objectPathsBelow(type: z.core.$ZodType): readonly { readonly kind: string | undefined }[] {
  const seen = new Set<z.core.$ZodType>();
  const below = (part: z.core.$ZodType): readonly { readonly kind: string | undefined }[] => {
    if (seen.has(part)) return [];
    seen.add(part);
    const own = declarationOf(part);
    return own ? [own] : schemasBelow(part).flatMap(below);
  };
  return below(type);
}

/** The object paths in the value of an option, in their order: itself, those of a list, and those in a table. */
export function namedObjects(type: z.core.$ZodType, value: unknown): readonly NamedObject[] {
  const own = declarationOf(type);
  if (own) return typeof value === "string" ? [{ path: value, ...own }] : [];
  const ofBranch = branchesOf(type).map((branch) => namedObjects(branch, value));
  const [first] = ofBranch.filter((found) => found.length > 0);
  if (first) return first;
  return partsOf(type, value).flatMap((part) => (part.type ? namedObjects(part.type, part.value) : []));
}

/** What a schema says of the object path that it is for, wrapped or not; undefined where it is for none. */
function declarationOf(type: z.core.$ZodType): { readonly kind: string | undefined } | undefined {
  for (let part: z.core.$ZodType | undefined = type; part; part = innerOf(part)) {
    const { objectPath } = metadataOf(part);
    if (objectPath) return { kind: objectPath.kind };
  }
  return undefined;
}
