import { type QuotaLimits, type QuotaResource, resourcesAt } from "../quotas/quota-resources.js";

/** How much of what is limited a project uses; what is missing, none. */
export type QuotaUsage = Readonly<Partial<Record<QuotaResource, number>>>;

/** The limits of a project, with its id where that is shown. */
export function quotaSetView(projectId: string | undefined, limits: QuotaLimits, minor: number) {
  const shown = resourcesAt(minor).map((resource) => [resource, limits[resource]] as const);
  return { ...(projectId === undefined ? undefined : { id: projectId }), ...Object.fromEntries(shown) };
}

/** The same with what is used of them. */
export function quotaSetDetailView(projectId: string, limits: QuotaLimits, usage: QuotaUsage, minor: number) {
  const shown = resourcesAt(minor).map(
    (resource) => [resource, { limit: limits[resource], in_use: usage[resource] ?? 0, reserved: 0 }] as const,
  );
  return { id: projectId, ...Object.fromEntries(shown) };
}
