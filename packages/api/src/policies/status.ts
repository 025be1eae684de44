import { admin, type Policies } from "@kilonova/http";

/** Who may see how the cloud is. */
export const statusPolicies = { "kilonova:status": admin } satisfies Policies;
