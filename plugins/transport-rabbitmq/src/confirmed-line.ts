import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { type Address, type DeadLetter, isKilonovaError } from "@kilonova/messaging";
import type { Channel, Connection, Envelope } from "rabbitmq-client";
import { brokerError, closed, isRefusal } from "./broker-error.js";
import { LastingChannel } from "./lasting-channel.js";
import type { RabbitmqOptions } from "./options.js";
import { castQueue, deadQueue, declareCastQueue, declareDeadQueue, fanoutExchange } from "./topology.js";

/** The header that counts how often a cast was delivered before. Broker's own counts differ by kind of queue and version. */
export const DELIVERIES = "x-kilonova-deliveries";
/** Headers of a dead letter: why it is one, and the host that it was for, where it was for one. */
export const REASON = "x-kilonova-reason";
export const SERVER = "x-kilonova-server";

/** Milliseconds before the next attempt to publish, at least; half as much again at most. */
const RETRY_PAUSE = 200;

/**
 * Publishes what must arrive: it resolves when RabbitMQ has confirmed, and tries again within `sendTimeout`, so that a
 * message may arrive twice but is not lost.
 */
export class ConfirmedLine {
  readonly #channel: LastingChannel;
  readonly #returned = new Set<string>();
  readonly #closing = new AbortController();
  #declared = new Set<string>();

  constructor(
    connection: Connection,
    private readonly options: RabbitmqOptions,
  ) {
    this.#channel = new LastingChannel(connection, (channel) => this.#prepare(channel));
    setMaxListeners(0, this.#closing.signal);
  }

  /** @param deliveries how often the cast was delivered before */
  async cast(address: Address, body: string, deliveries = 0): Promise<void> {
    const headers = deliveries === 0 ? {} : { headers: { [DELIVERIES]: deliveries } };
    const { queue } = castQueue(address);
    await this.#intoQueue("a cast", queue, (channel) => declareCastQueue(channel, address), headers, body);
  }

  /** Puts a cast that is given up where the dead letters of its topic are. */
  async bury({ address, deliveries, reason, body }: Omit<DeadLetter, "id" | "at">): Promise<void> {
    const { topic, server } = address;
    const told = { [DELIVERIES]: deliveries, [REASON]: reason, ...(server === undefined ? {} : { [SERVER]: server }) };
    const { queue } = deadQueue(topic);
    const envelope = { headers: told, timestamp: Math.floor(Date.now() / 1_000) };
    await this.#intoQueue("a dead letter", queue, (channel) => declareDeadQueue(channel, topic), envelope, body);
  }

  async fanout(topic: string, body: string): Promise<void> {
    const exchange = fanoutExchange(topic);
    await this.#untilConfirmed("a fanout", async (channel) => {
      await this.#once(exchange.exchange, () => channel.exchangeDeclare(exchange));
      await this.#publish(channel, { exchange: exchange.exchange }, body);
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#channel.close();
  }

  /** Into a queue that stays. A return says that it is gone: it is declared anew, and the message sent again. */
  async #intoQueue(
    what: string,
    queue: string,
    declare: (channel: Channel) => Promise<void>,
    envelope: Envelope,
    body: string,
  ): Promise<void> {
    await this.#untilConfirmed(what, async (channel) => {
      await this.#once(queue, () => declare(channel));
      const messageId = randomUUID();
      await this.#publish(channel, { ...envelope, routingKey: queue, durable: true, mandatory: true, messageId }, body);
      // The return comes before the confirmation but is announced in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
      if (!this.#returned.delete(messageId)) return;
      this.#declared.delete(queue);
      throw new Error(`queue ${queue} is gone`);
    });
  }

  async #untilConfirmed(what: string, attempt: (channel: Channel) => Promise<void>): Promise<void> {
    const deadline = Date.now() + this.options.sendTimeout;
    for (;;) {
      try {
        return await before(deadline, this.#channel.open().then(attempt));
      } catch (error) {
        if (this.#closing.signal.aborted) throw closed();
        if (isRefusal(error) || isKilonovaError(error) || Date.now() + RETRY_PAUSE >= deadline) {
          throw brokerError(this.options.url, what, error);
        }
      }
      await pause(RETRY_PAUSE * (1 + Math.random() / 2), undefined, { signal: this.#closing.signal }).catch(() => {});
    }
  }

  async #publish(channel: Channel, envelope: Envelope, body: string): Promise<void> {
    this.#channel.writes.begin();
    await channel.basicPublish(envelope, body);
  }

  /** Declares on each channel but once. */
  async #once(name: string, declare: () => Promise<void>): Promise<void> {
    const declared = this.#declared;
    if (declared.has(name)) return;
    await declare();
    declared.add(name);
  }

  async #prepare(channel: Channel): Promise<void> {
    this.#declared = new Set();
    this.#returned.clear();
    channel.on("basic.return", ({ messageId }) => this.#returned.add(messageId ?? ""));
    await channel.confirmSelect();
  }
}

/** A confirmation that never comes must not hold its caller for ever. */
async function before<Value>(deadline: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no confirmation in time")), Math.max(0, deadline - Date.now()));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
