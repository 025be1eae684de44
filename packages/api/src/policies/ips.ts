import type { Policies } from "@kilonova/http";
import { readerOrAdmin } from "./rules.js";

/** Who may see the addresses of servers. */
export const ipPolicies = {
  "os_compute_api:ips:index": readerOrAdmin,
  "os_compute_api:ips:show": readerOrAdmin,
} satisfies Policies;
