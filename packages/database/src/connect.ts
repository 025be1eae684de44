import type { ClientTls } from "@kilonova/config";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { NodePgDatabase } from "drizzle-orm/node-postgres";
import { PgDialect } from "drizzle-orm/pg-core";
import { Pool } from "pg";
import { maskedAddress } from "./address.js";
import type { Database } from "./database.js";
import { DiscreetSession } from "./discreet-session.js";
import { PreparingClient } from "./preparing-client.js";

export interface ConnectSettings {
  /** With the user and the password that are to be used. */
  readonly url: string;
  /** How it is encrypted; without it, it is not, unless the address itself says so. */
  readonly tls?: ClientTls | undefined;
  /** Shown by PostgreSQL beside each connection. */
  readonly applicationName: string;
  readonly poolSize: number;
  /** Milliseconds */
  readonly connectTimeout: number;
  /** Milliseconds; 0: none. */
  readonly statementTimeout: number;
  /** Told when a connection breaks that nobody was using; a statement at work tells by itself. */
  readonly onBroken?: (error: Error) => void;
}

/**
 * Opens a pool and asks for one answer. Statements and transactions left idle are bounded in time. A statement that fails
 * does so with `database.failed`, which says nothing of its values, or `database.unreachable` where the server is away.
 *
 * @throws KilonovaError `database.unreachable`, naming the address without its password
 */
export async function connectDatabase(settings: ConnectSettings): Promise<Database> {
  const pool = new Pool({
    Client: PreparingClient,
    connectionString: settings.url,
    ...(settings.tls ? { ssl: { ...settings.tls.settings } } : {}),
    application_name: settings.applicationName,
    max: settings.poolSize,
    connectionTimeoutMillis: settings.connectTimeout,
    statement_timeout: settings.statementTimeout,
    // A statement whose server has vanished never comes back by itself.
    query_timeout: settings.statementTimeout === 0 ? 0 : settings.statementTimeout + 5_000,
    idle_in_transaction_session_timeout: 60_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  });
  pool.on("error", (error) => settings.onBroken?.(error));
  // The pool hears a client only while nobody uses it. One that breaks between two statements of a transaction would end
  // the process for want of a listener; its next statement tells.
  pool.on("connect", (client) => client.on("error", () => {}));
  try {
    await pool.query("select 1");
  } catch (cause) {
    await pool.end();
    throw unreachable(settings.url, cause, settings.tls);
  }
  const dialect = new PgDialect();
  const session = new DiscreetSession(pool, dialect);
  return Object.assign(new NodePgDatabase<Record<string, never>>(dialect, session, undefined), { $client: pool });
}

/** The error for a database that does not answer. */
export function unreachable(url: string, cause: unknown, tls?: ClientTls): KilonovaError {
  const distrust = tls?.explain(cause);
  if (distrust !== undefined) {
    const words = `PostgreSQL at ${maskedAddress(url)} cannot be spoken to by TLS: ${distrust}.`;
    return new KilonovaError("database.unreachable", words, { cause });
  }
  return new KilonovaError(
    "database.unreachable",
    `PostgreSQL at ${maskedAddress(url)} cannot be reached (${reasonOf(cause)}). Start it, or correct option database.url.`,
    { cause },
  );
}

/** Several addresses of one name fail as one error without words of its own. */
function reasonOf(cause: unknown): string {
  const words = cause instanceof AggregateError ? cause.errors.map(messageOf).join("; ") : messageOf(cause);
  return words || "no reason given";
}
