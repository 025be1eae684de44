import { admin, anyOf, type Policies, self } from "@kilonova/http";

const selfOrAdmin = anyOf(admin, self);

/** Who may do what with key pairs: they are a user's, not a project's. */
export const keyPairPolicies = {
  "os_compute_api:os-keypairs:index": selfOrAdmin,
  "os_compute_api:os-keypairs:show": selfOrAdmin,
  "os_compute_api:os-keypairs:create": selfOrAdmin,
  "os_compute_api:os-keypairs:delete": selfOrAdmin,
} satisfies Policies;
