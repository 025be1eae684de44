import type { Connection } from "rabbitmq-client";
import { LastingChannel } from "../lasting-channel.js";
import { CONTENT, wrap } from "./oslo-envelope.js";

/** Sends answers to the queues that calls name. Nobody is told when one can't be sent: the caller has its deadline. */
export class OsloReplyLine {
  readonly #channel: LastingChannel;

  constructor(connection: Connection) {
    this.#channel = new LastingChannel(connection, async () => {});
  }

  /** Resolves when the answer is on its way, or lost. */
  async send(queue: string, message: object): Promise<void> {
    try {
      const channel = await this.#channel.open();
      this.#channel.writes.begin();
      await channel.basicPublish({ routingKey: queue, ...CONTENT }, wrap(message));
    } catch {
      // The connection is gone, and the caller's patience will be.
    }
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }
}
