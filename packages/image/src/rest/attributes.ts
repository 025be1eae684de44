import { DISK_FORMATS, identifier } from "@kilonova/contracts";
import { fault } from "@kilonova/http";
import { z } from "zod";

const CONTAINER_FORMATS = ["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"] as const;
const MOST_PROPERTIES = 128;
const LONGEST_NAME = 255;
const LONGEST_VALUE = 65_535;

/** Text that PostgreSQL can keep: no control characters but blanks, no halves of characters. */
const STORABLE = /^[\P{C}\p{Cf}\p{Co}\p{Cn}\t\n\r]*$/u;

export const storableText = z.string().regex(STORABLE);
export const imageId = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
export const imageParams = z.object({ image_id: imageId });
export const tag = storableText.min(1).max(255);
const amount = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

/** What of an image its users say, under the names of the Image API. */
export const attributes = {
  name: storableText.max(255).nullable(),
  visibility: z.enum(["public", "private", "shared", "community"]),
  protected: z.boolean(),
  os_hidden: z.boolean(),
  tags: z.array(tag).max(128),
  min_disk: amount,
  min_ram: amount,
  disk_format: z.enum(DISK_FORMATS).nullable(),
  container_format: z.enum(CONTAINER_FORMATS).nullable(),
  owner: identifier.regex(STORABLE),
};

const draftSchema = z.object(attributes);

/** An image as its users say it: the attributes, and all other keys as properties. */
export type ImageDraft = z.output<typeof draftSchema> & { readonly properties: Readonly<Record<string, string>> };

export type AttributeName = keyof typeof attributes;

const READ_ONLY: ReadonlySet<string> = new Set([
  "id",
  "status",
  "size",
  "virtual_size",
  "checksum",
  "os_hash_algo",
  "os_hash_value",
  "created_at",
  "updated_at",
  "file",
  "self",
  "schema",
  "direct_url",
  "locations",
  "stores",
  "deleted",
  "deleted_at",
]);

export function isAttribute(name: string): name is AttributeName {
  return Object.hasOwn(attributes, name);
}

/** @throws ApiFault 403 for an attribute that only the service sets */
export function checkWritable(name: string): void {
  if (READ_ONLY.has(name)) throw fault(403, `Attribute '${name}' is read-only.`);
}

/** @throws ApiFault 400 for a value that an attribute cannot have */
export function attributeOf<Name extends AttributeName>(name: Name, value: unknown): ImageDraft[Name] {
  const parsed = attributes[name].safeParse(value);
  if (parsed.success) return parsed.data as ImageDraft[Name];
  throw fault(400, `Invalid value for attribute '${name}': ${parsed.error.issues[0]?.message ?? "not valid"}.`);
}

/** @throws ApiFault 400 for what can be no property, 413 where there are too many */
export function propertiesOf(entries: Iterable<readonly [string, unknown]>): Record<string, string> {
  const properties: [string, string][] = [];
  for (const [name, value] of entries) {
    if (name === "" || name.length > LONGEST_NAME || !STORABLE.test(name)) {
      throw fault(400, `The name of a property has 1 to ${LONGEST_NAME} characters, none of them a control character.`);
    }
    if (typeof value !== "string") throw fault(400, `Property '${name}' must be a string.`);
    if (value.length > LONGEST_VALUE || !STORABLE.test(value)) {
      throw fault(
        400,
        `Property '${name}' may have ${LONGEST_VALUE} characters at most, none of them a control character.`,
      );
    }
    properties.push([name, value]);
  }
  if (properties.length > MOST_PROPERTIES) {
    throw fault(413, `An image may have ${MOST_PROPERTIES} properties; this one would have ${properties.length}.`);
  }
  return Object.fromEntries(properties);
}
