import { admin, type Policies } from "@kilonova/http";

/** Who may see what the schedulers decided and by which rules, and ask where servers would go. */
export const schedulerPolicies = {
  "kilonova:scheduler:decisions": admin,
  "kilonova:scheduler:chains": admin,
  "kilonova:scheduler:dry-run": admin,
} satisfies Policies;
