import { admin, type Policies } from "@kilonova/http";

/** Who may see and change host aggregates. */
export const aggregatePolicies = {
  "os_compute_api:os-aggregates:index": admin,
  "os_compute_api:os-aggregates:create": admin,
  "os_compute_api:os-aggregates:show": admin,
  "os_compute_api:os-aggregates:update": admin,
  "os_compute_api:os-aggregates:delete": admin,
  "os_compute_api:os-aggregates:add_host": admin,
  "os_compute_api:os-aggregates:remove_host": admin,
  "os_compute_api:os-aggregates:set_metadata": admin,
} satisfies Policies;
