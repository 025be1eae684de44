import { patientCall } from "@kilonova/core";
import { isKilonovaError, KilonovaError, type RequestContext } from "@kilonova/messaging";
import { type Clock, type Inbox, systemClock } from "@kilonova/plugin-api";
import { is, sql } from "drizzle-orm";
import { PgDatabase } from "drizzle-orm/pg-core";
import type { Database, Owner, Queryable } from "./database.js";

const TRANSACTION = Symbol.for("kilonova.database.transaction");

/** Milliseconds that a message waits for a database that is away, before it counts as not done. */
const PATIENCE = 60_000;
/** Days for which a message is remembered: a cast may wait in its queue while nobody listens, then for a week as a dead letter. */
const REMEMBERED_DAYS = 30;
/** Milliseconds between two clearings by one process, and how many rows one takes away at most. */
const CLEARING_INTERVAL = 60_000;
const CLEARING_ROWS = 10_000;

/**
 * The messages that were worked on, in table `inbox` of an owner's schema. The owner's migrations make it:
 *
 * ```sql
 * CREATE TABLE ledger.inbox (
 *   message_id text PRIMARY KEY,
 *   received_at timestamptz NOT NULL DEFAULT now()
 * );
 * CREATE INDEX ON ledger.inbox (received_at);
 * ```
 */
export class DatabaseInbox implements Inbox {
  #nextClearing: number;

  constructor(
    private readonly database: Database,
    private readonly owner: Owner,
    private readonly clock: Clock = systemClock,
  ) {
    this.#nextClearing = clock.now() + CLEARING_INTERVAL;
  }

  async receive(
    messageId: string,
    context: RequestContext,
    work: (context: RequestContext) => Promise<unknown>,
  ): Promise<void> {
    await patientCall(this.clock, context.signal, () => this.#once(messageId, context, work), PATIENCE, isAway);
    await this.#clear();
  }

  async #once(messageId: string, context: RequestContext, work: (context: RequestContext) => Promise<unknown>) {
    await this.database.transaction(async (transaction) => {
      // Whoever works on the same message right now holds the row: this waits for the outcome.
      const { rowCount } = await transaction.execute(
        sql`INSERT INTO ${this.#table()} (message_id) VALUES (${messageId}) ON CONFLICT DO NOTHING`,
      );
      if (rowCount === 1) await work(context.withValue(TRANSACTION, transaction));
    });
  }

  /** What is too old goes as new messages come; a process that gets none has nothing to clear. */
  async #clear(): Promise<void> {
    const now = this.clock.now();
    if (now < this.#nextClearing) return;
    this.#nextClearing = now + CLEARING_INTERVAL;
    const table = this.#table();
    const clearing = this.database.execute(sql`
      DELETE FROM ${table} WHERE message_id IN (
        SELECT message_id FROM ${table} WHERE received_at < now() - make_interval(days => ${REMEMBERED_DAYS})
        LIMIT ${CLEARING_ROWS} FOR UPDATE SKIP LOCKED)`);
    // The next one takes what this one could not.
    await clearing.catch(() => undefined);
  }

  #table() {
    return sql`${sql.identifier(this.owner)}.${sql.identifier("inbox")}`;
  }
}

/**
 * The transaction in which a message is worked on: for methods that are marked with an inbox. What is written by it is
 * there once, however often the message comes.
 *
 * @throws KilonovaError `internal` where the context carries none: the method was called from inside
 */
export function txOf(context: RequestContext): Queryable {
  const transaction = context.value(TRANSACTION);
  if (isTransaction(transaction)) return transaction;
  throw new KilonovaError(
    "internal",
    "The context carries no transaction: mark the method with @rpcMethod({ inbox }).",
  );
}

/** By drizzle's own tag, which holds across copies of it. Only {@link DatabaseInbox} puts anything under the symbol. */
function isTransaction(value: unknown): value is Queryable {
  return is(value, PgDatabase);
}

function isAway(error: unknown): boolean {
  return isKilonovaError(error, "database.unreachable");
}
