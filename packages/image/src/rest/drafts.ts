import type { ImageChanges } from "../images.js";
import type { ImageRow } from "../tables.js";
import { attributes, type ImageDraft } from "./attributes.js";

/** What a new image is where its user says nothing. */
export function emptyDraft(owner: string): ImageDraft {
  return {
    name: null,
    visibility: "shared",
    protected: false,
    os_hidden: false,
    tags: [],
    min_disk: 0,
    min_ram: 0,
    disk_format: null,
    container_format: null,
    owner,
    properties: {},
  };
}

export function draftOf(row: ImageRow): ImageDraft {
  return {
    name: row.name,
    visibility: row.visibility,
    protected: row.isProtected,
    os_hidden: row.isHidden,
    tags: row.tags,
    min_disk: row.minDisk,
    min_ram: row.minRam,
    disk_format: row.diskFormat,
    container_format: attributes.container_format.parse(row.containerFormat),
    owner: row.ownerId,
    properties: row.properties,
  };
}

export function columnsOf(draft: ImageDraft): ImageChanges {
  return {
    name: draft.name,
    visibility: draft.visibility,
    isProtected: draft.protected,
    isHidden: draft.os_hidden,
    tags: [...new Set(draft.tags)],
    minDisk: draft.min_disk,
    minRam: draft.min_ram,
    diskFormat: draft.disk_format,
    containerFormat: draft.container_format,
    ownerId: draft.owner,
    properties: draft.properties,
  };
}
