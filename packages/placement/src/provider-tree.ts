import type { Queryable } from "@kilonova/database";
import { sql } from "drizzle-orm";

/** Providers are made, moved, renamed and deleted by one at a time: that is rare, and a tree keeps its form meanwhile. */
export async function lockTrees(tx: Queryable): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended('placement-trees', 0))`);
}

/** The parent exists, and is not the provider itself nor below it. It is kept from being deleted meanwhile. */
export async function canBeUnder(tx: Queryable, parentId: string, id: string): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    WITH RECURSIVE above AS (
      SELECT id, parent_id FROM placement.providers WHERE id = ${parentId} AND deleted_at IS NULL
      UNION
      SELECT higher.id, higher.parent_id FROM placement.providers AS higher JOIN above ON higher.id = above.parent_id
    )
    SELECT id FROM placement.providers
    WHERE id = ${parentId} AND deleted_at IS NULL AND NOT EXISTS (SELECT FROM above WHERE id = ${id})
    FOR KEY SHARE`);
  return rows.length > 0;
}

export type TreeMember = {
  readonly id: string;
  readonly consumers: number;
};

/** Locks a provider and all below it, in the order in which claims do. Answers none where it is not there. */
export async function lockSubtree(tx: Queryable, id: string): Promise<readonly TreeMember[]> {
  const { rows } = await tx.execute<TreeMember>(sql`
    WITH RECURSIVE tree AS (
      SELECT id FROM placement.providers WHERE id = ${id} AND deleted_at IS NULL
      UNION
      SELECT lower.id FROM placement.providers AS lower JOIN tree ON lower.parent_id = tree.id
    )
    SELECT id, consumers FROM placement.providers WHERE id IN (SELECT id FROM tree) ORDER BY id FOR UPDATE`);
  return rows;
}
