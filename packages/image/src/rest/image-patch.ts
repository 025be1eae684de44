import { fault } from "@kilonova/http";
import { z } from "zod";
import { attributeOf, checkWritable, type ImageDraft, isAttribute, propertiesOf } from "./attributes.js";

const operation = z.object({
  op: z.enum(["add", "replace", "remove"]),
  path: z.string().max(600),
  value: z.unknown().optional(),
});

/** The changes of a PATCH: JSON Patch with paths of one part. */
export const imagePatch = z.array(operation).max(256);

type ImagePatch = z.output<typeof imagePatch>;

/** An image as it is after a patch, which holds as a whole or not at all. @throws ApiFault 400, 403, 409, 413 */
export function patched(before: ImageDraft, patch: ImagePatch): ImageDraft {
  const draft: Record<string, unknown> = { ...before };
  const properties = new Map<string, unknown>(Object.entries(before.properties));
  for (const { op, path, value } of patch) {
    const name = nameIn(path);
    checkWritable(name);
    if (op !== "remove" && value === undefined) throw fault(400, `Operation '${op}' of ${path} has no value.`);
    if (isAttribute(name)) {
      if (op === "remove") throw fault(403, `Property '${name}' may not be removed.`);
      draft[name] = attributeOf(name, value);
      continue;
    }
    if (op !== "add" && !properties.has(name)) throw fault(409, `Property '${name}' does not exist.`);
    if (op === "remove") properties.delete(name);
    else properties.set(name, value);
  }
  return { ...(draft as ImageDraft), properties: propertiesOf(properties) };
}

function nameIn(path: string): string {
  const [, name] = /^\/([^/]+)$/.exec(path) ?? [];
  if (name === undefined || /~(?![01])/.test(name)) {
    throw fault(400, `The path ${JSON.stringify(path.slice(0, 64))} does not name one attribute, as /name does.`);
  }
  return name.replaceAll("~1", "/").replaceAll("~0", "~");
}
