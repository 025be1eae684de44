import { z } from "zod";
import { innerOf } from "./schema-parts.js";

/**
 * What an option may say of itself through zod's `.meta()`:
 * `secret` is masked in every dump; `mutable` may change on SIGHUP; `deprecatedNames` lists old names, as `option` in the
 * same group or `group.option`, that are still read, with a warning. (Plain `deprecated` is zod's own word, a boolean.)
 * `defaultText` says in words what a default is that each machine makes for itself, as its host name. `objectPath` is
 * there where the value names an object by its path, with the kind of plugin that it has to be; `objectPath()` writes it.
 */
export interface OptionMetadata {
  readonly secret?: boolean;
  readonly mutable?: boolean;
  readonly deprecatedNames?: readonly string[];
  readonly defaultText?: string;
  readonly objectPath?: { readonly kind?: string };
}

const metadataSchema = z.object({
  description: z.string().default(""),
  secret: z.boolean().default(false),
  mutable: z.boolean().default(false),
  deprecatedNames: z.array(z.string()).default([]),
  defaultText: z.string().optional(),
  objectPath: z.object({ kind: z.string().exactOptional() }).optional(),
});

/** All of an option's metadata, absent parts filled. */
export type CompleteMetadata = Readonly<z.output<typeof metadataSchema>>;

/**
 * An option's metadata. zod keeps it on the very schema `.meta()` was called on, so a `.default()` behind it would hide
 * it: the wrapped schemas are asked too, the outermost word wins.
 *
 * @throws TypeError when a part has the wrong type: a mistake in the program.
 */
export function metadataOf(type: z.core.$ZodType): CompleteMetadata {
  let gathered: Record<string, unknown> = {};
  for (let part: z.core.$ZodType | undefined = type; part; part = innerOf(part)) {
    gathered = { ...z.globalRegistry.get(part), ...gathered };
  }
  const parsed = metadataSchema.safeParse(gathered);
  if (!parsed.success) throw new TypeError(`metadata of an option: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
