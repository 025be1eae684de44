import type { QueueDepth } from "@kilonova/messaging";
import type { Connection } from "rabbitmq-client";
import { BrokerAlarm } from "./broker-alarm.js";
import { codeOf } from "./broker-error.js";
import { LastingChannel } from "./lasting-channel.js";
import type { NamedQueue } from "./wire.js";

/** What RabbitMQ answers where there is no such queue, or none that this user may know of, or that is another's alone. */
const UNSEEN = new Set(["NOT_FOUND", "ACCESS_REFUSED", "RESOURCE_LOCKED"]);

/** Looks at the broker on a channel of its own: what it asks for costs no message its place. */
export class BrokerLook {
  readonly #channel: LastingChannel;
  readonly #alarm: BrokerAlarm;

  constructor(connection: Connection, url: string) {
    this.#alarm = new BrokerAlarm(connection, url);
    this.#channel = new LastingChannel(connection, async () => {});
  }

  /** Resolves when the broker has answered. @throws KilonovaError `transport.unreachable` while it takes no messages */
  async answer(): Promise<void> {
    const alarm = this.#alarm.failure("a sign of life");
    if (alarm) throw alarm;
    const channel = await this.#channel.open();
    await channel.basicQos({ prefetchCount: 1 });
  }

  /** How many messages wait in each queue; those that are just being worked on do not. One that is gone, or not for this user, is left out. */
  async depths(queues: readonly NamedQueue[]): Promise<readonly QueueDepth[]> {
    const depths: QueueDepth[] = [];
    for (const { queue, address, kind } of queues) {
      const messages = await this.#depth(queue);
      if (typeof messages === "number") depths.push({ address, kind, messages });
    }
    return depths;
  }

  /** True where there is no such queue. One that this user may not look at is there, for all that anybody knows. */
  async isGone(queue: string): Promise<boolean> {
    return (await this.#depth(queue)) === "NOT_FOUND";
  }

  async #depth(queue: string): Promise<number | string> {
    // Asked for one that is not there, the broker closes the channel; another is opened for the next.
    const channel = await this.#channel.open();
    try {
      return (await channel.queueDeclare({ queue, passive: true })).messageCount;
    } catch (error) {
      const code = codeOf(error);
      if (UNSEEN.has(code)) return code;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }
}
