import type { Policies } from "@kilonova/http";
import { memberOrAdmin } from "./rules.js";

/** Who may have what done to servers. */
export const serverActionPolicies = {
  "os_compute_api:servers:start": memberOrAdmin,
  "os_compute_api:servers:stop": memberOrAdmin,
  "os_compute_api:servers:reboot": memberOrAdmin,
  "os_compute_api:os-console-output": memberOrAdmin,
} satisfies Policies;
