import { admin, type Policies } from "@kilonova/http";
import { memberOrAdmin, readerOrAdmin } from "./rules.js";

/** Who may see, make and delete server groups. */
export const serverGroupPolicies = {
  "os_compute_api:os-server-groups:index": readerOrAdmin,
  "os_compute_api:os-server-groups:index:all_projects": admin,
  "os_compute_api:os-server-groups:create": memberOrAdmin,
  "os_compute_api:os-server-groups:show": readerOrAdmin,
  "os_compute_api:os-server-groups:delete": memberOrAdmin,
} satisfies Policies;
