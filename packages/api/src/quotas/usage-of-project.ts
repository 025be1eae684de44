import { countServerGroups, quotaUsage } from "@kilonova/compute-store";
import type { Queryable } from "@kilonova/database";
import type { QuotaUsage } from "../views/quota-sets.js";

/** What a project has of what is limited. */
export async function usageOfProject(database: Queryable, projectId: string): Promise<QuotaUsage> {
  const [servers, groups] = await Promise.all([
    quotaUsage(database, projectId),
    countServerGroups(database, projectId),
  ]);
  return { ...servers, server_groups: groups };
}
