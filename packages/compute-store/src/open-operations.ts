import type { OpenOperation } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { asc, count, isNull, sql } from "drizzle-orm";
import { operations } from "./tables/index.js";

/** How many operations are not over, and the oldest of them: what takes longest comes first. */
export async function openOperations(
  database: Queryable,
  most: number,
): Promise<{ readonly total: number; readonly oldest: readonly OpenOperation[] }> {
  const isOpen = isNull(operations.finishedAt);
  const [counted] = await database.select({ total: count() }).from(operations).where(isOpen);
  const { id, serverId, action, stage, requestId, attempt, state, host, projectId, createdAt } = operations;
  const rows = await database
    .select({
      ...{ id, serverId, action, stage, requestId, attempt, state, host, projectId },
      age: sql<number>`greatest(0, extract(epoch FROM now() - ${createdAt}) * 1000)::bigint`.mapWith(Number),
    })
    .from(operations)
    .where(isOpen)
    .orderBy(asc(createdAt), asc(id))
    .limit(most);
  const oldest = rows.flatMap(({ state: found, ...row }) =>
    found === "pending" || found === "running" ? [{ ...row, state: found }] : [],
  );
  return { total: counted?.total ?? 0, oldest };
}
