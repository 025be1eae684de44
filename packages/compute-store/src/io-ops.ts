import type { Queryable } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { busyServers, servers } from "./tables/index.js";

/**
 * How many servers of each host are being built, moved, snapshotted or the like: what keeps its disks busy. Hosts that
 * have none are left out.
 */
export async function countIoOps(database: Queryable): Promise<ReadonlyMap<string, number>> {
  const { rows } = await database.execute<{ host: string; busy: number }>(
    sql`select host, count(*)::integer as busy from ${servers} where ${busyServers} group by host`,
  );
  return new Map(rows.map(({ host, busy }) => [host, busy]));
}
