import { admin, authenticated, type Policies } from "@kilonova/http";
import { readerOrAdmin } from "./rules.js";

/** Who may see and set what projects may have, and what they have. */
export const quotaPolicies = {
  "os_compute_api:limits": authenticated,
  "os_compute_api:limits:other_project": admin,
  "os_compute_api:os-quota-sets:show": readerOrAdmin,
  "os_compute_api:os-quota-sets:detail": readerOrAdmin,
  "os_compute_api:os-quota-sets:defaults": authenticated,
  "os_compute_api:os-quota-sets:update": admin,
  "os_compute_api:os-quota-sets:delete": admin,
  "os_compute_api:extensions": authenticated,
} satisfies Policies;
