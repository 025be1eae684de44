import { randomUUID } from "node:crypto";
import { type Address, boundHost, type DeadLetter } from "@kilonova/messaging";
import type { Channel, Connection, Envelope } from "rabbitmq-client";
import { brokerUser } from "./broker-error.js";
import { ConfirmedChannel } from "./confirmed-channel.js";
import type { RabbitmqOptions } from "./options.js";
import {
  castExchange,
  castQueue,
  deadExchange,
  declareCastQueue,
  declareDeadQueue,
  declareRetry,
  fanoutExchange,
  retryExchange,
} from "./topology.js";

/** The header that counts how often a cast was delivered before. Broker's own counts differ by kind of queue and version. */
export const DELIVERIES = "x-kilonova-deliveries";
/** The header of a cast that was put back: who sent it. Believed only in what this broker user has sent itself. */
export const SENDER = "x-kilonova-sender";
/** Headers of a dead letter: why it is one, and the host that it was for, where it was for one. */
export const REASON = "x-kilonova-reason";
export const SERVER = "x-kilonova-server";

/** Casts, dead letters and fanouts of a process: what must arrive. */
export class ConfirmedLine {
  readonly #channel: ConfirmedChannel;
  readonly #user: string;

  constructor(connection: Connection, options: RabbitmqOptions) {
    this.#user = brokerUser(options.url);
    this.#channel = new ConfirmedChannel(connection, options);
  }

  cast(address: Address, body: string): Promise<void> {
    const { queue } = castQueue(address);
    const envelope = { exchange: castExchange(address).exchange, routingKey: queue };
    return this.#intoQueue("a cast", queue, (channel) => declareCastQueue(channel, address), envelope, body);
  }

  /**
   * Puts a cast back that was delivered in vain.
   *
   * @param deliveries how often it was delivered before
   * @param sender whom RabbitMQ vouched for when it came first: it vouches for us alone now
   */
  again(address: Address, body: string, deliveries: number, sender: string | undefined): Promise<void> {
    const { exchange } = retryExchange(address);
    const headers = { [DELIVERIES]: deliveries, ...(sender === undefined ? {} : { [SENDER]: sender }) };
    const declare = (channel: Channel) => declareRetry(channel, address);
    return this.#intoQueue("a cast", exchange, declare, { exchange, routingKey: "", headers }, body);
  }

  /** Puts a cast that is given up where the dead letters of its topic are. */
  bury({ address, deliveries, reason, body }: Omit<DeadLetter, "id" | "at">): Promise<void> {
    const { topic, server } = address;
    const told = { [DELIVERIES]: deliveries, [REASON]: reason, ...(server === undefined ? {} : { [SERVER]: server }) };
    const { exchange } = deadExchange(topic);
    const envelope = { exchange, routingKey: "", headers: told, timestamp: Math.floor(Date.now() / 1_000) };
    // Who is bound to a host finds it there, or nowhere.
    const declare = boundHost(this.#user) ? async () => {} : (channel: Channel) => declareDeadQueue(channel, topic);
    return this.#intoQueue("a dead letter", exchange, declare, envelope, body);
  }

  fanout(topic: string, body: string): Promise<void> {
    const { exchange, ...declaration } = fanoutExchange(topic);
    return this.#channel.publish({
      what: "a fanout",
      through: exchange,
      declare: (channel) => channel.exchangeDeclare({ exchange, ...declaration }),
      envelope: { exchange, messageId: randomUUID(), userId: this.#user },
      body,
    });
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }

  /** Into a queue that stays. */
  #intoQueue(
    what: string,
    through: string,
    declare: (channel: Channel) => Promise<void>,
    more: Envelope,
    body: string,
  ): Promise<void> {
    const envelope = { ...more, durable: true, mandatory: true, messageId: randomUUID(), userId: this.#user };
    return this.#channel.publish({ what, through, declare, envelope, body });
  }
}
