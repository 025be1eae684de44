import type { Operation } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { and, asc, inArray, isNull, lte, sql } from "drizzle-orm";
import { toOperation } from "./rows.js";
import { operations } from "./tables/index.js";
import { now } from "./time.js";

/** An operation that somebody should have taken, or whose owner's lease is over. */
export interface DueOperation {
  readonly operation: Operation;
  /** Milliseconds since it was asked for. */
  readonly age: number;
  /** Milliseconds since anything was written of it. */
  readonly idle: number;
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/**
 * What is due. Each is due again after a pause that grows, so that several sweeps, here or elsewhere, don't all look at
 * the same ones. Nothing is taken.
 */
export async function dueOperations(database: Queryable, limit: number): Promise<DueOperation[]> {
  const due = database
    .select({ id: operations.id })
    .from(operations)
    .where(and(isNull(operations.finishedAt), lte(operations.dueAt, now)))
    .orderBy(asc(operations.dueAt))
    .limit(limit)
    .for("update", { skipLocked: true });
  const rows = await database
    .update(operations)
    .set({
      dueAt: sql`now() + least(${FIRST_PAUSE} * 2 ^ least(${operations.sweeps}, 20), ${LONGEST_PAUSE}) * interval '1 millisecond'`,
      sweeps: sql`${operations.sweeps} + 1`,
    })
    .where(inArray(operations.id, due))
    .returning();
  if (rows.length === 0) return [];
  const { rows: ages } = await database.execute<{ id: string; age: number; idle: number }>(sql`
    select id, extract(epoch from now() - created_at)::float8 * 1000 as age,
      extract(epoch from now() - updated_at)::float8 * 1000 as idle
    from ${operations} where id = any(${sql.param(rows.map(({ id }) => id))}::uuid[])`);
  const byId = new Map(ages.map((age) => [age.id, age]));
  return rows.map((row) => ({
    operation: toOperation(row),
    age: byId.get(row.id)?.age ?? 0,
    idle: byId.get(row.id)?.idle ?? 0,
  }));
}
