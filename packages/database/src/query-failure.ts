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
  if (isAway(cause)) return awayFailure(cause);
  if (!(cause instanceof DatabaseError)) {
    return new KilonovaError("database.failed", `A statement did not come to its end: ${messageOf(cause)}.`, { cause });
  }
  const { code, table, constraint } = cause;
  for (const quoting of ["detail", "where", "internalQuery"] as const) cause[quoting] = undefined;
  const facts = [`SQLSTATE ${code}`, table && `table ${table}`, constraint && `constraint ${constraint}`];
  const words = `The database refused a statement (${facts.filter(Boolean).join(", ")}).`;
  return new KilonovaError("database.failed", words, { cause });
}

/** What is thrown where the server is not there, or takes no connection, or cut the one that was used. */
export function awayFailure(cause: unknown): KilonovaError {
  return new KilonovaError("database.unreachable", `The database cannot be reached: ${messageOf(cause)}.`, { cause });
}

/**
 * SQLSTATEs of a server that goes, comes, or has no connection left (PostgreSQL's class 57 "operator intervention", 08
 * "connection exception", 53300 "too many connections"), and what Node and pg say of a socket.
 */
const AWAY = /^(08...|57P0[123]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT)$/;
const AWAY_WORDS = /Connection terminated|connection error|timeout exceeded when trying to connect/;

/** True where the same statement may well pass when the server is back. */
export function isAway(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const { code } = cause as { code?: unknown };
  if (typeof code === "string") return AWAY.test(code);
  return AWAY_WORDS.test(cause.message);
}
