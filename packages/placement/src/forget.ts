import type { Queryable } from "@kilonova/database";
import { type SQL, sql } from "drizzle-orm";

/**
 * Forgets providers that were deleted so long ago; the feed remembers from where on it is complete.
 *
 * @param age milliseconds
 */
export async function forgetProviders(database: Queryable, age: number): Promise<void> {
  await database.execute(sql`
    WITH gone AS (
      DELETE FROM placement.providers AS provider WHERE deleted_at < ${ago(age)}
        AND NOT EXISTS (SELECT FROM placement.providers AS lower WHERE lower.parent_id = provider.id)
      RETURNING changed
    )
    UPDATE placement.feed SET reaches_back_to = greatest(reaches_back_to, (SELECT max(changed) + 1 FROM gone))`);
}

/**
 * Forgets consumers that have nothing and of which nothing was heard for so long. Those that are being claimed for are
 * passed over.
 *
 * @param age milliseconds
 */
export async function forgetConsumers(database: Queryable, age: number): Promise<void> {
  await database.execute(sql`
    DELETE FROM placement.consumers WHERE id IN (
      SELECT id FROM placement.consumers AS consumer WHERE updated_at < ${ago(age)}
        AND NOT EXISTS (SELECT FROM placement.allocations WHERE consumer_id = consumer.id)
      ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED
    )`);
}

function ago(milliseconds: number): SQL {
  return sql`now() - ${milliseconds}::double precision * interval '1 millisecond'`;
}
