import { randomUUID } from "node:crypto";
import type { Address, DeadLetter } from "@kilonova/messaging";
import type { Channel, Connection, Envelope } from "rabbitmq-client";
import { ConfirmedChannel } from "./confirmed-channel.js";
import type { RabbitmqOptions } from "./options.js";
import { castQueue, deadQueue, declareCastQueue, declareDeadQueue, fanoutExchange } from "./topology.js";

/** The header that counts how often a cast was delivered before. Broker's own counts differ by kind of queue and version. */
export const DELIVERIES = "x-kilonova-deliveries";
/** Headers of a dead letter: why it is one, and the host that it was for, where it was for one. */
export const REASON = "x-kilonova-reason";
export const SERVER = "x-kilonova-server";

/** Casts, dead letters and fanouts of a process: what must arrive. */
export class ConfirmedLine {
  readonly #channel: ConfirmedChannel;

  constructor(connection: Connection, options: RabbitmqOptions) {
    this.#channel = new ConfirmedChannel(connection, options);
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
    const { exchange, ...declaration } = fanoutExchange(topic);
    await this.#channel.publish({
      what: "a fanout",
      through: exchange,
      declare: (channel) => channel.exchangeDeclare({ exchange, ...declaration }),
      envelope: { exchange, messageId: randomUUID() },
      body,
    });
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }

  /** Into a queue that stays. */
  async #intoQueue(
    what: string,
    queue: string,
    declare: (channel: Channel) => Promise<void>,
    more: Envelope,
    body: string,
  ): Promise<void> {
    const envelope = { ...more, routingKey: queue, durable: true, mandatory: true, messageId: randomUUID() };
    await this.#channel.publish({ what, through: queue, declare, envelope, body });
  }
}
