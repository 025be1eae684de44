import type { Flavor } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { and, count, eq, isNull, sql } from "drizzle-orm";
import { quotas, servers } from "./tables/index.js";

/** What was over the limit. */
export interface OverQuota {
  readonly resource: keyof QuotaLimits;
  readonly limit: number;
  readonly used: number;
  /** By `minCount` servers. */
  readonly requested: number;
}

/** How much a project may have; -1: as much as it likes. The names are the API's. */
export interface QuotaLimits {
  readonly instances: number;
  readonly cores: number;
  /** MiB */
  readonly ram: number;
}

/** How much it has. */
export type QuotaUsage = QuotaLimits;

/** Counts what the servers of a project take. */
export async function quotaUsage(database: Queryable, projectId: string): Promise<QuotaUsage> {
  const [usage] = await database
    .select({
      instances: count(),
      cores: sql<number>`coalesce(sum(${servers.vcpus}), 0)::integer`,
      ram: sql<number>`coalesce(sum(${servers.memoryMb}), 0)::float8`,
    })
    .from(servers)
    .where(and(eq(servers.projectId, projectId), isNull(servers.deletedAt)));
  return usage ?? { instances: 0, cores: 0, ram: 0 };
}

/** The same, with nobody else making servers of the project until the transaction ends. Free where there is no limit. */
export async function usageForUpdate(
  transaction: Queryable,
  projectId: string,
  limits: QuotaLimits,
): Promise<QuotaUsage> {
  if (Object.values(limits).every((limit) => limit < 0)) return { instances: 0, cores: 0, ram: 0 };
  const name = `compute.quota:${projectId}`;
  await transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
  return await quotaUsage(transaction, projectId);
}

/** How many servers of a flavor there is room for, `most` at most; what stands against it where that is fewer than `least`. */
export function quotaExceeded(
  used: QuotaUsage,
  limits: QuotaLimits,
  flavor: Flavor,
  least: number,
  most: number,
): number | OverQuota {
  const each = { instances: 1, cores: flavor.vcpus, ram: flavor.memoryMb };
  let room = most;
  for (const resource of ["instances", "cores", "ram"] as const) {
    const limit = limits[resource];
    if (limit < 0) continue;
    const fitting = Math.max(0, Math.floor((limit - used[resource]) / each[resource]));
    if (fitting < least) return { resource, limit, used: used[resource], requested: each[resource] * least };
    room = Math.min(room, fitting);
  }
  return room;
}

/** The limits that were set for a project, by resource. */
export async function quotaOverrides(database: Queryable, projectId: string): Promise<ReadonlyMap<string, number>> {
  const rows = await database.select().from(quotas).where(eq(quotas.projectId, projectId));
  return new Map(rows.map(({ resource, hardLimit }) => [resource, hardLimit]));
}

/** Sets limits of a project; those that are not named stay. */
export async function setQuotas(
  database: Queryable,
  projectId: string,
  limits: Readonly<Record<string, number>>,
): Promise<void> {
  const rows = Object.entries(limits).map(([resource, hardLimit]) => ({ projectId, resource, hardLimit }));
  if (rows.length === 0) return;
  await database
    .insert(quotas)
    .values(rows)
    .onConflictDoUpdate({
      target: [quotas.projectId, quotas.resource],
      set: { hardLimit: sql`excluded.hard_limit`, updatedAt: sql`now()` },
    });
}

/** A project's limits are the options' again. Safe to repeat. */
export async function deleteQuotas(database: Queryable, projectId: string): Promise<void> {
  await database.delete(quotas).where(eq(quotas.projectId, projectId));
}
