import { type Token, token } from "@kilonova/plugin-api";
import type { NodePgDatabase, NodePgQueryResultHKT } from "drizzle-orm/node-postgres";
import type { PgDatabase } from "drizzle-orm/pg-core";
import type { Pool } from "pg";

/** A pool of connections with one owner's rights. Whoever opened it ends it: `database.$client.end()`. */
export type Database = NodePgDatabase<Record<string, never>> & { readonly $client: Pool };

/** What a query runs on: a database, or a transaction of one. */
export type Queryable = PgDatabase<NodePgQueryResultHKT, Record<string, never>>;

/**
 * Who owns tables: each has a PostgreSQL schema of that name and a role with rights on it. `framework` is open to every
 * role.
 */
export type Owner = string;

/** The database with an owner's rights: `@inject(databaseOf("placement")) private readonly database: Database`. */
export function databaseOf(owner: Owner): Token<Database> {
  return token<Database>(`database-${owner}`);
}
