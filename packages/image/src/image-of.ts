import type { Image } from "@kilonova/contracts";
import type { ImageRow } from "./tables.js";

/** An image as other services get it. */
export function imageOf(row: ImageRow): Image {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    visibility: row.visibility,
    ownerId: row.ownerId,
    diskFormat: row.diskFormat,
    containerFormat: row.containerFormat,
    size: row.size,
    checksum: row.checksum,
    sha512: row.sha512,
    minDisk: row.minDisk,
    minRam: row.minRam,
    properties: row.properties,
    createdAt: row.createdAt,
  };
}
