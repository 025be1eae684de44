import {
  type Address,
  type CallOptions,
  DEFAULT_CONCURRENCY,
  type DeadLetters,
  type DeliveryHandler,
  type Listener,
  type ListenerAddress,
  type ListenOptions,
  type Transport,
} from "@kilonova/messaging";
import type { Connection } from "rabbitmq-client";
import { AnswerLine } from "./answer-line.js";
import { brokerError, closed } from "./broker-error.js";
import { CallLine } from "./call-line.js";
import { ConfirmedLine } from "./confirmed-line.js";
import { closeConnection, openConnection } from "./connection.js";
import { type RabbitmqOptions, rabbitmqOptions } from "./options.js";
import { RabbitmqDeadLetters } from "./rabbitmq-dead-letters.js";
import { RabbitmqListener } from "./rabbitmq-listener.js";

const PLUGIN_KIND = Symbol.for("kilonova.plugin");

/** What sends: a connection of its own, for RabbitMQ stops reading from those that publish when it runs out of memory. */
interface Sending {
  readonly connection: Connection;
  readonly calls: CallLine;
  readonly answers: AnswerLine;
  readonly confirmed: ConfirmedLine;
  readonly deadLetters: DeadLetters;
}

/**
 * Carries messages over RabbitMQ, 3.10 or later. Names and arguments of the queues: `docs/decisions/0005-queues.md`.
 *
 * A connection that is lost comes back by itself. Calls in flight then fail with `transport.unreachable`; new calls and
 * casts wait for it, `sendTimeout` at most; listeners listen again.
 */
export class RabbitmqTransport implements Transport {
  static readonly [PLUGIN_KIND] = { kind: "transport", version: 1 } as const;
  static readonly optionGroups = [rabbitmqOptions] as const;

  readonly #options: RabbitmqOptions;
  readonly #listeners = new Set<RabbitmqListener>();
  #sending: Promise<Sending> | undefined;
  #listening: Promise<Connection> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RabbitmqOptions) {
    this.#options = options;
  }

  /** Opens what it needs when it is first asked. */
  readonly deadLetters: DeadLetters = {
    list: async (topic, most) => (await this.#ready()).deadLetters.list(topic, most),
    retry: async (topic, id) => (await this.#ready()).deadLetters.retry(topic, id),
    drop: async (topic, id) => (await this.#ready()).deadLetters.drop(topic, id),
  };

  async connect(): Promise<void> {
    await this.#ready();
  }

  async listen(address: ListenerAddress, handler: DeliveryHandler, options: ListenOptions = {}): Promise<Listener> {
    const { answers, confirmed } = await this.#ready();
    const opening = this.#listening ?? openConnection(this.#options, "listening");
    this.#listening = opening;
    opening.catch(() => {
      this.#listening = undefined;
    });
    const world = { connection: await opening, answers, confirmed, prefetch: this.#options.prefetch };
    const listener = new RabbitmqListener(address, handler, options.concurrency ?? DEFAULT_CONCURRENCY, world);
    this.#listeners.add(listener);
    try {
      await listener.open();
    } catch (error) {
      this.#listeners.delete(listener);
      await listener.close();
      throw brokerError(this.#options.url, `to listen on ${address.topic}`, error);
    }
    return listener;
  }

  async call(address: Address, body: string, options: CallOptions): Promise<string> {
    const { calls } = await this.#ready();
    return calls.call(address, body, options);
  }

  async cast(address: Address, body: string): Promise<void> {
    const { confirmed } = await this.#ready();
    await confirmed.cast(address, body);
  }

  async fanout(topic: string, body: string): Promise<void> {
    const { confirmed } = await this.#ready();
    await confirmed.fanout(topic, body);
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    const sending = await this.#sending?.catch(() => undefined);
    const listening = await this.#listening?.catch(() => undefined);
    const ends = [...this.#listeners, sending?.calls, sending?.answers, sending?.confirmed].map((end) => end?.close());
    const connections = [listening, sending?.connection].map((connection) => connection && closeConnection(connection));
    await Promise.allSettled([...ends, ...connections]);
  }

  #ready(): Promise<Sending> {
    if (this.#closing) return Promise.reject(closed());
    this.#sending ??= this.#begin();
    return this.#sending;
  }

  /** One that failed is tried anew by whoever comes next. */
  #begin(): Promise<Sending> {
    const opening = this.#open();
    opening.catch(() => {
      this.#sending = undefined;
    });
    return opening;
  }

  async #open(): Promise<Sending> {
    const connection = await openConnection(this.#options, "sending");
    const calls = new CallLine(connection, this.#options.url);
    try {
      await calls.open();
    } catch (error) {
      connection.unsafeDestroy();
      throw brokerError(this.#options.url, "a queue for answers", error);
    }
    const confirmed = new ConfirmedLine(connection, this.#options);
    const deadLetters = new RabbitmqDeadLetters(connection, confirmed, this.#options.url);
    return { connection, calls, answers: new AnswerLine(connection), confirmed, deadLetters };
  }
}
