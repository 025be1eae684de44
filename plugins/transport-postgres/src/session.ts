import { setMaxListeners } from "node:events";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import type { ClientTls } from "@kilonova/config";
import { DELIVERY_LIMIT, KilonovaError } from "@kilonova/messaging";
import { Client, type ClientConfig, escapeIdentifier, type QueryConfig, type QueryResult } from "pg";
import { brokerError, closed, isRefusal, reasonOf, unreachable, untrusted } from "./broker-error.js";
import type { TransportPostgresOptions } from "./options.js";
import { ensureSchema } from "./schema.js";
import type { Statement } from "./statements.js";

/** Seconds. A process that does not renew its lease for so long counts as gone, though its connection lasts. */
const LEASE = 30;
/** Milliseconds between two renewals, at least; half as much again at most. */
const RENEW_EVERY = 1_000;
/** Milliseconds before an attempt to reconnect. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5_000;
/** Milliseconds that the server has to say goodbye. */
const FAREWELL = 3_000;

/** Where connections of this transport lead, and how. */
export interface Way {
  /** Without what it says of TLS. */
  readonly url: string;
  readonly tls?: ClientTls;
}

/** What a connection of this transport has in common with the others. */
export function connectionSettings(
  options: TransportPostgresOptions,
  { url, tls }: Way,
  purpose: string,
): ClientConfig {
  return {
    connectionString: url,
    ...(tls ? { ssl: { ...tls.settings } } : {}),
    application_name: `kilonova ${purpose}, process ${process.pid} on ${hostname()}`,
    connectionTimeoutMillis: Math.max(1, options.connectTimeout),
    statement_timeout: options.sendTimeout,
    query_timeout: options.sendTimeout + 1_000,
    keepAlive: true,
    // The server learns within half a minute that a host is gone without a word.
    options: "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
  };
}

interface SessionEvents {
  /** The connection is gone, and what came to it. */
  lost(error: KilonovaError): void;
  /** Its lease is. It is time to sweep, elsewhere: what this connection does delays what it hears. */
  renewed(): void;
  /** There is one again, under another number. */
  back(): void;
}

/**
 * What a process is to the others: a number, held by an advisory lock on one connection and by a lease. On that connection
 * it hears notifications. A connection that is lost comes back by itself, as another session.
 */
export class Session {
  readonly #closing = new AbortController();
  readonly #hearers = new Map<string, Set<(payload: string) => void>>();
  readonly #waiting = new Set<() => void>();
  #client: Client | undefined;
  #id: number | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: TransportPostgresOptions,
    private readonly way: Way,
    private readonly events: SessionEvents,
  ) {
    setMaxListeners(0, this.#closing.signal);
  }

  /** The number of this session; none while there is no connection. */
  get id(): number | undefined {
    return this.#id;
  }

  /**
   * @throws KilonovaError `transport.unreachable` after `connectTimeout`, where TLS fails at once; `transport.refused` at
   *   once
   */
  async open(): Promise<void> {
    const deadline = Date.now() + this.options.connectTimeout;
    for (;;) {
      try {
        return await this.#connect(Math.max(1, deadline - Date.now()));
      } catch (error) {
        if (this.#closing.signal.aborted) throw closed();
        const distrust = this.way.tls?.explain(error);
        if (distrust !== undefined) throw untrusted(this.options.url, distrust, error);
        const isFinal = isRefusal(error) || error instanceof KilonovaError || Date.now() + FIRST_PAUSE >= deadline;
        if (isFinal && isRefusal(error)) {
          throw brokerError(this.options.url, "a session", error);
        }
        if (isFinal && error instanceof KilonovaError) throw error;
        if (isFinal) throw unreachable(this.options.url, reasonOf(error), error);
      }
      await this.#pause(FIRST_PAUSE);
    }
  }

  /** Waits for a lost connection to come back. @throws KilonovaError `transport.unreachable` after so many milliseconds */
  async ready(patience: number): Promise<number> {
    if (this.#id !== undefined) return this.#id;
    await new Promise<void>((resolve) => {
      const go = () => {
        clearTimeout(timer);
        this.#waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(go, patience);
      this.#waiting.add(go);
      if (this.#closing.signal.aborted) go();
    });
    if (this.#closing.signal.aborted) throw closed();
    if (this.#id === undefined) throw unreachable(this.options.url, "the connection was lost and is not back yet");
    return this.#id;
  }

  /** Hears a channel from now on, over reconnections too; resolves to what ends that. */
  async hear(channel: string, heard: (payload: string) => void): Promise<() => void> {
    const hearers = this.#hearers.get(channel) ?? new Set();
    this.#hearers.set(channel, hearers);
    hearers.add(heard);
    const leave = () => {
      hearers.delete(heard);
      if (hearers.size > 0 || this.#hearers.get(channel) !== hearers) return;
      this.#hearers.delete(channel);
      if (this.#client) this.#ask(this.#client, `unlisten ${escapeIdentifier(channel)}`).catch(() => {});
    };
    try {
      if (this.#client) await this.#ask(this.#client, `listen ${escapeIdentifier(channel)}`);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  /**
   * Ends a session, if it is still this one: another follows, and what it held is given back. For who can't know any more
   * what it holds.
   */
  giveUp(session: number): void {
    if (this.#client && this.#id === session) this.#abandon(this.#client);
  }

  /** Sends a statement, with the session's number before its values, on the session's own connection: both stand or fall. */
  async run(statement: Statement, values: readonly unknown[]): Promise<void> {
    const [client, id] = [this.#client, this.#id];
    if (!client) throw unreachable(this.options.url, "the connection was lost");
    try {
      await this.#ask(client, { ...statement, values: [id, ...values] });
    } catch (error) {
      if (!isRefusal(error)) this.#abandon(client);
      throw error;
    }
  }

  /** Gives back at once what the session held. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const go of [...this.#waiting]) go();
    const [client, id] = [this.#client, this.#id];
    this.#client = undefined;
    this.#id = undefined;
    if (!client || id === undefined) return;
    const values = [id, DELIVERY_LIMIT];
    const farewell = this.#ask(client, { text: "select messaging.end_session($1, $2)", values })
      .then(() => client.end())
      .catch(() => {});
    await Promise.race([farewell, pause(FAREWELL, undefined, { ref: false })]);
    destroy(client);
  }

  async #connect(patience: number): Promise<void> {
    const client = new Client({
      ...connectionSettings(this.options, this.way, "listening"),
      connectionTimeoutMillis: patience,
    });
    client.on("error", () => {});
    client.on("notification", ({ channel, payload = "" }) => {
      for (const heard of [...(this.#hearers.get(channel) ?? [])]) heard(payload);
    });
    try {
      await client.connect();
      await ensureSchema(client);
      const { rows } = await client.query<{ id: number }>("select messaging.open_session($1::interval) as id", [
        `${LEASE} seconds`,
      ]);
      for (const channel of this.#hearers.keys()) await client.query(`listen ${escapeIdentifier(channel)}`);
      if (this.#closing.signal.aborted) throw closed();
      this.#client = client;
      this.#id = rows[0]?.id;
    } catch (error) {
      destroy(client);
      throw error;
    }
    client.once("end", () => this.#lose(client));
    for (const go of [...this.#waiting]) go();
    void this.#renew(client);
  }

  /** What breaks on the way shows as the end of the connection. */
  async #renew(client: Client): Promise<void> {
    while (this.#client === client) {
      await this.#pause(RENEW_EVERY);
      if (this.#client !== client) return;
      try {
        const renewed = await this.#ask(client, {
          text: "update messaging.sessions set lease_until = clock_timestamp() + $2::interval where id = $1",
          values: [this.#id, `${LEASE} seconds`],
        });
        if (renewed.rowCount !== 1) throw new Error("others took the session for dead");
        this.events.renewed();
      } catch {
        this.#abandon(client);
      }
    }
  }

  /** One after the other: the library wants it so. */
  async #ask(client: Client, query: string | QueryConfig): Promise<QueryResult> {
    const asked = this.#turn.then(() => client.query(query));
    this.#turn = asked.catch(() => {});
    return asked;
  }

  #abandon(client: Client): void {
    destroy(client);
    this.#lose(client);
  }

  #lose(client: Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#id = undefined;
    this.events.lost(unreachable(this.options.url, "the connection was lost before the answer came"));
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    for (let longest = FIRST_PAUSE; ; longest = Math.min(longest * 2, LONGEST_PAUSE)) {
      await this.#pause(longest / 2);
      if (this.#closing.signal.aborted) return;
      const isBack = await this.#connect(this.options.connectTimeout).then(
        () => true,
        () => false,
      );
      if (isBack) return this.events.back();
    }
  }

  /** Half as long again at most, so that those who lost one server do not all come back at once. */
  async #pause(least: number): Promise<void> {
    const { signal } = this.#closing;
    await pause(least * (1 + Math.random() / 2), undefined, { signal }).catch(() => {});
  }
}

/** A server that is silent is not waited for. */
function destroy(client: Client): void {
  client.end().catch(() => {});
  client.connection.stream.destroy();
}
