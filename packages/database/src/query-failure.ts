import { KilonovaError, messageOf } from "@kilonova/messaging";
import { DrizzleQueryError } from "drizzle-orm";
import { DatabaseError } from "pg";

/**
 * What is thrown in place of drizzle's error, whose message quotes the statement with all of its values: those are not for
 * callers, logs and notifications. Its cause is what the database said, short of the rows that it quotes.
 */
export function queryFailure(thrown: unknown): unknown {
  if (!(thrown instanceof DrizzleQueryError)) return thrown;
  const { cause } = thrown;
  if (!(cause instanceof DatabaseError)) {
    return new KilonovaError("database.failed", `A statement did not come to its end: ${messageOf(cause)}.`, { cause });
  }
  const { code, table, constraint } = cause;
  for (const quoting of ["detail", "where", "internalQuery"] as const) cause[quoting] = undefined;
  const facts = [`SQLSTATE ${code}`, table && `table ${table}`, constraint && `constraint ${constraint}`];
  const words = `The database refused a statement (${facts.filter(Boolean).join(", ")}).`;
  return new KilonovaError("database.failed", words, { cause });
}
