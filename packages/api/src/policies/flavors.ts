import { admin, authenticated, type Policies } from "@kilonova/http";

/** Who may see and make flavors. */
export const flavorPolicies = {
  "os_compute_api:os-flavor-manage:create": admin,
  "os_compute_api:os-flavor-manage:update": admin,
  "os_compute_api:os-flavor-manage:delete": admin,
  "os_compute_api:os-flavor-access": admin,
  "os_compute_api:os-flavor-access:add_tenant_access": admin,
  "os_compute_api:os-flavor-access:remove_tenant_access": admin,
  "os_compute_api:os-flavor-extra-specs:index": authenticated,
  "os_compute_api:os-flavor-extra-specs:show": authenticated,
  "os_compute_api:os-flavor-extra-specs:create": admin,
  "os_compute_api:os-flavor-extra-specs:update": admin,
  "os_compute_api:os-flavor-extra-specs:delete": admin,
} satisfies Policies;
