import { type SQL, sql } from "drizzle-orm";

/** So many milliseconds from now, by the database's clock. */
export function after(milliseconds: number): SQL {
  return sql`now() + ${milliseconds} * interval '1 millisecond'`;
}

export const now: SQL = sql`now()`;
