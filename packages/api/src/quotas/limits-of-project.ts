import { type OverQuota, quotaOverrides } from "@kilonova/compute-store";
import type { Queryable } from "@kilonova/database";
import type { QuotaLimits } from "./quota-resources.js";

/** What a project may have: what was set for it, else the defaults. */
export async function limitsOfProject(
  database: Queryable,
  defaults: QuotaLimits,
  projectId: string,
): Promise<QuotaLimits> {
  const overrides = await quotaOverrides(database, projectId);
  if (overrides.size === 0) return defaults;
  const limits = Object.entries(defaults).map(
    ([resource, limit]) => [resource, overrides.get(resource) ?? limit] as const,
  );
  return Object.fromEntries(limits) as typeof defaults;
}

/** Why a project may not have so much more, in the words that clients look for. */
export function overQuotaWords({ resource, requested, used, limit }: OverQuota): string {
  return `Quota exceeded for ${resource}: Requested ${requested}, but already used ${used} of ${limit} ${resource}`;
}
