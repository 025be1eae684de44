import { z } from "zod";
import type { ImageRow } from "../tables.js";

/** An image as the Image API shows it; its properties stand beside its attributes. */
export const imageView = z.looseObject({
  id: z.string(),
  name: z.string().nullable(),
  status: z.string(),
  visibility: z.string(),
  owner: z.string(),
  protected: z.boolean(),
  os_hidden: z.boolean(),
  disk_format: z.string().nullable(),
  container_format: z.string().nullable(),
  size: z.int().nullable(),
  virtual_size: z.null(),
  checksum: z.string().nullable(),
  os_hash_algo: z.string().nullable(),
  os_hash_value: z.string().nullable(),
  min_disk: z.int(),
  min_ram: z.int(),
  tags: z.array(z.string()),
  created_at: z.string(),
  updated_at: z.string(),
  file: z.string(),
  self: z.string(),
  schema: z.literal("/v2/schemas/image"),
});

export function viewImage(row: ImageRow): z.output<typeof imageView> {
  return {
    ...row.properties,
    id: row.id,
    name: row.name,
    status: row.status,
    visibility: row.visibility,
    owner: row.ownerId,
    protected: row.isProtected,
    os_hidden: row.isHidden,
    disk_format: row.diskFormat,
    container_format: row.containerFormat,
    size: row.size,
    virtual_size: null,
    checksum: row.checksum,
    os_hash_algo: row.sha512 === null ? null : "sha512",
    os_hash_value: row.sha512,
    min_disk: row.minDisk,
    min_ram: row.minRam,
    tags: [...row.tags].sort(),
    created_at: withoutMilliseconds(row.createdAt),
    updated_at: withoutMilliseconds(row.updatedAt),
    file: `/v2/images/${row.id}/file`,
    self: `/v2/images/${row.id}`,
    schema: "/v2/schemas/image",
  };
}

function withoutMilliseconds(instant: string): string {
  return instant.replace(/\.\d+Z$/, "Z");
}
