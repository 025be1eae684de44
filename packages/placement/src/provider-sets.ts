import type { Queryable } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { providerAggregates, traits } from "./tables.js";

const TABLES = { traits, aggregates: providerAggregates };
const COLUMNS = { traits: traits.name, aggregates: providerAggregates.aggregateId };

/** Gives a provider just these traits, or aggregates; answers whether that is other than it was. */
export async function replaceSet(
  tx: Queryable,
  kind: keyof typeof TABLES,
  providerId: string,
  members: readonly string[],
): Promise<boolean> {
  const [table, column] = [TABLES[kind], COLUMNS[kind]];
  const wanted = sql`${sql.param([...new Set(members)])}::text[]`;
  const removed = await tx.execute(
    sql`DELETE FROM ${table} WHERE ${table.providerId} = ${providerId} AND ${column} <> ALL (${wanted})`,
  );
  const added = await tx.execute(
    sql`INSERT INTO ${table} SELECT ${providerId}::text, unnest(${wanted}) ON CONFLICT DO NOTHING`,
  );
  return (removed.rowCount ?? 0) + (added.rowCount ?? 0) > 0;
}
