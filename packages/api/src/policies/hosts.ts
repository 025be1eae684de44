import { admin, authenticated, type Policies } from "@kilonova/http";

/** Who may see and change services, hypervisors and zones. */
export const hostPolicies = {
  "os_compute_api:os-services:list": admin,
  "os_compute_api:os-services:update": admin,
  "os_compute_api:os-hypervisors:list": admin,
  "os_compute_api:os-hypervisors:list-detail": admin,
  "os_compute_api:os-hypervisors:show": admin,
  "os_compute_api:os-hypervisors:statistics": admin,
  "os_compute_api:os-hypervisors:uptime": admin,
  "os_compute_api:os-hypervisors:search": admin,
  "os_compute_api:os-hypervisors:servers": admin,
  "os_compute_api:os-availability-zone:list": authenticated,
  "os_compute_api:os-availability-zone:detail": admin,
} satisfies Policies;
