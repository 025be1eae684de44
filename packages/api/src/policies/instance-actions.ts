import { admin, type Policies } from "@kilonova/http";
import { readerOrAdmin } from "./rules.js";

/** Who may see what was done to servers, and who every detail of it. */
export const instanceActionPolicies = {
  "os_compute_api:os-instance-actions:list": readerOrAdmin,
  "os_compute_api:os-instance-actions:show": readerOrAdmin,
  "os_compute_api:os-instance-actions:events": admin,
  "os_compute_api:os-instance-actions:events:details": admin,
} satisfies Policies;
