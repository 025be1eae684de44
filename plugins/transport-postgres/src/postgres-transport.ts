import { postgresTls } from "@kilonova/config";
import {
  type Address,
  type CallOptions,
  DEFAULT_CONCURRENCY,
  DELIVERY_LIMIT,
  type DeadLetters,
  type DeliveryHandler,
  type KilonovaError,
  type Listener,
  type ListenerAddress,
  type ListenOptions,
  type QueueDepth,
  type Transport,
} from "@kilonova/messaging";
import { AnswerLine } from "./answer-line.js";
import { brokerError, closed } from "./broker-error.js";
import { CallLine } from "./call-line.js";
import { CastLine } from "./cast-line.js";
import { type TransportPostgresOptions, transportPostgresOptions } from "./options.js";
import { PostgresListener } from "./postgres-listener.js";
import { addressOf } from "./queue-name.js";
import { Session } from "./session.js";
import { QUEUE_DEPTHS, SWEEP } from "./statements.js";
import { Store } from "./store.js";
import { StoredDeadLetters } from "./stored-dead-letters.js";

/** Rows of each kind that one sweep takes away. */
const MOST_SWEPT = 1_000;

const PLUGIN_KIND = Symbol.for("kilonova.plugin");

/**
 * Carries messages over PostgreSQL, 15 or later: queues are tables, notifications wake who listens. How:
 * `docs/decisions/0021-a-broker-in-postgresql.md`.
 *
 * A connection that is lost comes back by itself. Calls in flight then fail with `transport.unreachable`; new calls and
 * casts wait for it, `sendTimeout` at most; listeners listen again.
 */
export class PostgresTransport implements Transport {
  static readonly [PLUGIN_KIND] = { kind: "transport", version: 1 } as const;
  static readonly optionGroups = [transportPostgresOptions] as const;

  readonly deadLetters: DeadLetters;
  readonly #options: TransportPostgresOptions;
  readonly #listeners = new Set<PostgresListener>();
  readonly #session: Session;
  readonly #store: Store;
  readonly #calls: CallLine;
  readonly #answers: AnswerLine;
  readonly #casts: CastLine;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** @throws ConfigurationError for files of TLS */
  constructor(options: TransportPostgresOptions) {
    this.#options = options;
    const way = postgresTls("transportPostgres", options.url, options);
    this.#session = new Session(options, way, {
      lost: (error: KilonovaError) => this.#calls.failAll(error),
      renewed: () => void this.#sweep(),
      back: () => void this.#listenAgain(),
    });
    this.#store = new Store(options, this.#session, way);
    this.#calls = new CallLine(this.#session, this.#store, options);
    this.#answers = new AnswerLine(this.#store);
    this.#casts = new CastLine(this.#store);
    this.deadLetters = new StoredDeadLetters(this.#store);
  }

  async connect(): Promise<void> {
    await this.#ready();
  }

  async listen(address: ListenerAddress, handler: DeliveryHandler, options: ListenOptions = {}): Promise<Listener> {
    await this.#ready();
    const { concurrency = DEFAULT_CONCURRENCY, onDeadLetter } = options;
    const parts = { session: this.#session, store: this.#store, answers: this.#answers, casts: this.#casts };
    const listener = new PostgresListener(address, handler, concurrency, { ...parts, onDeadLetter }, () =>
      this.#listeners.delete(listener),
    );
    this.#listeners.add(listener);
    try {
      await this.#session.ready(this.#options.sendTimeout);
      await listener.open();
    } catch (error) {
      listener.close();
      throw brokerError(this.#options.url, `to listen on ${address.topic}`, error);
    }
    return listener;
  }

  async call(address: Address, body: string, options: CallOptions): Promise<string> {
    await this.#ready();
    return this.#calls.call(address, body, options);
  }

  async cast(address: Address, body: string): Promise<void> {
    await this.#ready();
    await this.#casts.cast(address, body);
  }

  async fanout(topic: string, body: string): Promise<void> {
    await this.#ready();
    await this.#casts.fanout(topic, body);
  }

  async queueDepths(): Promise<readonly QueueDepth[]> {
    await this.#ready();
    const queues = [...new Set([...this.#listeners].flatMap((listener) => listener.queues))];
    const rows = await this.#store.once<{ queue: string; kind: QueueDepth["kind"]; messages: number }>(
      "the depths of queues",
      QUEUE_DEPTHS,
      [queues, [...new Set([...this.#listeners].map(({ address }) => address.topic))]],
    );
    return rows.map(({ queue, kind, messages }) => ({ address: addressOf(queue), kind, messages }));
  }

  async check(): Promise<void> {
    await this.#ready();
    await this.#session.ready(0);
    await this.#store.once("a sign of life", { name: "sign_of_life", text: "select 1" }, []);
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    for (const listener of [...this.#listeners]) listener.close();
    this.#calls.close();
    await Promise.allSettled([this.#session.close(), this.#store.close()]);
  }

  async #ready(): Promise<void> {
    if (this.#closing) throw closed();
    const opening = this.#opening ?? this.#open();
    this.#opening = opening;
    opening.catch(() => {
      this.#opening = undefined;
    });
    await opening;
  }

  async #open(): Promise<void> {
    await this.#session.open();
    await this.#calls.open();
  }

  /** What fails is done a second later, by this process or another. */
  async #sweep(): Promise<void> {
    await this.#store.once("a sweep", SWEEP, [DELIVERY_LIMIT, MOST_SWEPT]).catch(() => {});
  }

  /** What fails here fails with the session, and is tried again with the next. */
  async #listenAgain(): Promise<void> {
    await Promise.allSettled([this.#calls.open(), ...[...this.#listeners].map((listener) => listener.reopen())]);
  }
}
