import {
  type Address,
  addressText,
  type BrokerSetup,
  type CallOptions,
  DEFAULT_CONCURRENCY,
  type DeadLetters,
  type DeliveryHandler,
  KilonovaError,
  type Listener,
  type ListenerAddress,
  type ListenOptions,
  type QueueDepth,
  type Transport,
} from "@kilonova/messaging";
import type { Connection } from "rabbitmq-client";
import { brokerError, closed, unreachable, virtualHost } from "./broker-error.js";
import { BrokerLook } from "./broker-look.js";
import { brokerRights } from "./broker-rights.js";
import { closeChannel } from "./close-channel.js";
import { closeConnection, openConnection } from "./connection.js";
import { KilonovaWire } from "./kilonova-wire.js";
import { type RabbitmqOptions, rabbitmqOptions } from "./options.js";
import { OsloWire } from "./oslo/oslo-wire.js";
import { declareTopic } from "./topology.js";
import type { LastingListener, Wire } from "./wire.js";

const PLUGIN_KIND = Symbol.for("kilonova.plugin");

/** By the values of option `rabbitmq.envelope`. */
const WIRES = { kilonova: KilonovaWire, oslo: OsloWire };

/** What sends: a connection of its own, for RabbitMQ stops reading from those that publish when it runs out of memory. */
interface Sending {
  readonly connection: Connection;
  readonly wire: Wire;
  readonly look: BrokerLook;
}

/**
 * Carries messages over RabbitMQ, 3.10 or later, in the form that option `rabbitmq.envelope` names.
 *
 * A connection that is lost comes back by itself. Calls in flight then fail with `transport.unreachable`; new calls and
 * casts wait for it, `sendTimeout` at most; listeners listen again.
 */
export class RabbitmqTransport implements Transport {
  static readonly [PLUGIN_KIND] = { kind: "transport", version: 1 } as const;
  static readonly optionGroups = [rabbitmqOptions] as const;

  readonly deadLetters?: DeadLetters;
  readonly vouchesForSenders: boolean;
  readonly setup?: BrokerSetup;
  readonly #options: RabbitmqOptions;
  readonly #listeners = new Set<LastingListener>();
  #sending: Promise<Sending> | undefined;
  #listening: Promise<Connection> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RabbitmqOptions) {
    this.#options = options;
    if (WIRES[options.envelope].hasDeadLetters) this.deadLetters = this.#deadLetters();
    this.vouchesForSenders = options.envelope === "kilonova";
    if (options.envelope === "kilonova") {
      const declare = (topics: readonly string[]) => this.#declareTopics(topics);
      this.setup = { vhost: virtualHost(options.url), rights: brokerRights, declare };
    }
  }

  async connect(): Promise<void> {
    await this.#ready();
  }

  async listen(address: ListenerAddress, handler: DeliveryHandler, options: ListenOptions = {}): Promise<Listener> {
    const { wire } = await this.#ready();
    const opening = this.#listening ?? openConnection(this.#options, "listening");
    this.#listening = opening;
    opening.catch(() => {
      this.#listening = undefined;
    });
    const { concurrency = DEFAULT_CONCURRENCY, onDeadLetter } = options;
    const listener = wire.listener(await opening, address, handler, concurrency, onDeadLetter);
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
    const { wire } = await this.#ready();
    return wire.call(address, body, options);
  }

  async cast(address: Address, body: string): Promise<void> {
    const { wire } = await this.#ready();
    return wire.cast(address, body);
  }

  async fanout(topic: string, body: string): Promise<void> {
    const { wire } = await this.#ready();
    return wire.fanout(topic, body);
  }

  async queueDepths(): Promise<readonly QueueDepth[]> {
    const { wire, look } = await this.#ready();
    const listening = [...this.#listeners].filter(({ state }) => state !== "ended");
    try {
      return await look.depths(wire.queuesOf(listening.map(({ address }) => address)));
    } catch (error) {
      throw brokerError(this.#options.url, "to look at queues", error);
    }
  }

  async check(): Promise<void> {
    const { connection, look } = await this.#ready();
    if (!connection.ready) throw unreachable(this.#options.url, "the connection was lost and is not back yet");
    const lost = [...this.#listeners].find(({ state }) => state === "lost");
    if (lost) {
      const words = `who listens for ${addressText(lost.address)} was cut off and is not back yet`;
      throw unreachable(this.#options.url, words);
    }
    try {
      await look.answer();
    } catch (error) {
      throw brokerError(this.#options.url, "a sign of life", error);
    }
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** Opens what it needs when it is first asked. */
  #deadLetters(): DeadLetters {
    const box = async () => {
      const { deadLetters } = (await this.#ready()).wire;
      if (deadLetters) return deadLetters;
      throw new KilonovaError("internal", "a wire that says so has dead letters");
    };
    return {
      list: async (topic, most) => (await box()).list(topic, most),
      retry: async (topic, id) => (await box()).retry(topic, id),
      drop: async (topic, id) => (await box()).drop(topic, id),
    };
  }

  async #declareTopics(topics: readonly string[]): Promise<void> {
    const { connection } = await this.#ready();
    const channel = await connection.acquire();
    try {
      for (const topic of topics) await declareTopic(channel, topic);
    } catch (error) {
      throw brokerError(this.#options.url, "to declare what services share", error);
    } finally {
      await closeChannel(channel);
    }
  }

  async #close(): Promise<void> {
    const sending = await this.#sending?.catch(() => undefined);
    const listening = await this.#listening?.catch(() => undefined);
    for (const end of [...this.#listeners, sending?.wire, sending?.look]) end?.close().catch(() => {});
    // That takes a bounded time; without their connection, none of those has anything left to do.
    await Promise.all([listening, sending?.connection].map((connection) => connection && closeConnection(connection)));
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
    const wire = new WIRES[this.#options.envelope](connection, this.#options);
    try {
      await wire.open();
    } catch (error) {
      connection.unsafeDestroy();
      wire.close().catch(() => {});
      throw brokerError(this.#options.url, "a queue for answers", error);
    }
    return { connection, wire, look: new BrokerLook(connection, this.#options.url) };
  }
}
