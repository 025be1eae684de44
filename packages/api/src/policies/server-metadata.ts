import type { Policies } from "@kilonova/http";
import { memberOrAdmin, readerOrAdmin } from "./rules.js";

/** Who may see and change the metadata of servers. */
export const serverMetadataPolicies = {
  "os_compute_api:server-metadata:index": readerOrAdmin,
  "os_compute_api:server-metadata:show": readerOrAdmin,
  "os_compute_api:server-metadata:create": memberOrAdmin,
  "os_compute_api:server-metadata:update": memberOrAdmin,
  "os_compute_api:server-metadata:update_all": memberOrAdmin,
  "os_compute_api:server-metadata:delete": memberOrAdmin,
} satisfies Policies;
