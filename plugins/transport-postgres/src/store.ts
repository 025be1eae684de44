import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { isKilonovaError } from "@kilonova/messaging";
import { Pool, type QueryResultRow } from "pg";
import { brokerError, closed, isRefusal } from "./broker-error.js";
import type { TransportPostgresOptions } from "./options.js";
import { connectionSettings, type Session, type Way } from "./session.js";
import type { Statement } from "./statements.js";

/** Milliseconds before the next attempt, at least; half as much again at most. */
const RETRY_PAUSE = 200;

/** Where statements go: a small pool, beside the session. */
export class Store {
  readonly #pool: Pool;
  readonly #closing = new AbortController();

  constructor(
    private readonly options: TransportPostgresOptions,
    private readonly session: Session,
    way: Way,
  ) {
    setMaxListeners(0, this.#closing.signal);
    this.#pool = new Pool({ ...connectionSettings(options, way, "sending"), max: options.poolSize });
    // What is lost while nobody uses it is replaced when it is wanted.
    this.#pool.on("error", () => {});
  }

  /** Sends a statement once. @throws KilonovaError `transport.unreachable`, `transport.refused`, `transport.closed` */
  async once<Row extends QueryResultRow>(doing: string, statement: Statement, values: unknown[]): Promise<Row[]> {
    try {
      if (this.#closing.signal.aborted) throw closed();
      const { rows } = await this.#pool.query<Row>({ ...statement, values });
      return rows;
    } catch (error) {
      throw this.#closing.signal.aborted ? closed() : brokerError(this.options.url, doing, error);
    }
  }

  /** Sends a statement until it is committed, within `sendTimeout`: it may be so twice. @throws as {@link once} does */
  async untilDone<Row extends QueryResultRow>(doing: string, statement: Statement, values: unknown[]): Promise<Row[]> {
    const deadline = Date.now() + this.options.sendTimeout;
    for (;;) {
      try {
        await this.session.ready(Math.max(0, deadline - Date.now()));
        return await this.once<Row>(doing, statement, values);
      } catch (error) {
        const cause = isKilonovaError(error) ? error.cause : error;
        if (this.#closing.signal.aborted || isRefusal(cause) || Date.now() + RETRY_PAUSE >= deadline) throw error;
      }
      const { signal } = this.#closing;
      await pause(RETRY_PAUSE * (1 + Math.random() / 2), undefined, { signal }).catch(() => {});
    }
  }

  /** Takes no more; what runs ends by itself. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.race([this.#pool.end(), pause(3_000, undefined, { ref: false })]);
  }
}
