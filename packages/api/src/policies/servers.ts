import { admin, type Policies } from "@kilonova/http";
import { memberOrAdmin, readerOrAdmin } from "./rules.js";

/** Who may do what with servers. */
export const serverPolicies = {
  "os_compute_api:servers:index": readerOrAdmin,
  "os_compute_api:servers:index:get_all_tenants": admin,
  "os_compute_api:servers:detail": readerOrAdmin,
  "os_compute_api:servers:detail:get_all_tenants": admin,
  "os_compute_api:servers:allow_all_filters": admin,
  "os_compute_api:servers:show": readerOrAdmin,
  "os_compute_api:servers:show:host_status": admin,
  "os_compute_api:servers:show:flavor-extra-specs": readerOrAdmin,
  "os_compute_api:os-extended-server-attributes": admin,
  "os_compute_api:servers:create": memberOrAdmin,
  "os_compute_api:servers:create:forced_host": admin,
  "os_compute_api:servers:create:zero_disk_flavor": admin,
  "compute:servers:create:requested_destination": admin,
  "os_compute_api:servers:update": memberOrAdmin,
  "os_compute_api:servers:delete": memberOrAdmin,
} satisfies Policies;
