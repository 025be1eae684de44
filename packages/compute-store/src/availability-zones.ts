import type { Queryable } from "@kilonova/database";
import { and, eq, inArray, sql } from "drizzle-orm";
import { aggregateHosts, aggregates } from "./tables/index.js";

/** The key of an aggregate's metadata that makes it a zone. */
export const ZONE_KEY = "availability_zone";

/**
 * The zones of hosts, by host: those of these hosts where some are named, else of all. Hosts that are in none are
 * missing.
 */
export async function zonesOfHosts(
  database: Queryable,
  hosts?: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (hosts?.length === 0) return new Map();
  const zone = sql<string>`${aggregates.metadata} ->> ${ZONE_KEY}`;
  const rows = await database
    .select({ host: aggregateHosts.host, zone })
    .from(aggregateHosts)
    .innerJoin(aggregates, eq(aggregates.id, aggregateHosts.aggregateId))
    .where(and(sql`${aggregates.metadata} ? ${ZONE_KEY}`, hosts && inArray(aggregateHosts.host, [...hosts])));
  return new Map(rows.map((row) => [row.host, row.zone]));
}
