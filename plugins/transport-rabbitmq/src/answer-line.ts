import type { Connection } from "rabbitmq-client";
import { type Answer, type AnswerableCall, answerMessage } from "./answer.js";
import { LastingChannel } from "./lasting-channel.js";

/** Sends answers. Nobody is told when one can't be sent: the caller has its deadline. */
export class AnswerLine {
  readonly #channel: LastingChannel;

  constructor(connection: Connection) {
    this.#channel = new LastingChannel(connection, async () => {});
  }

  /** Resolves when the answer is on its way, or lost. */
  async send(call: AnswerableCall, answer: Answer): Promise<void> {
    const message = answerMessage(call, answer);
    try {
      const channel = await this.#channel.open();
      this.#channel.writes.begin();
      await channel.basicPublish(message.envelope, message.body);
    } catch {
      // The connection is gone, and the queue of answers with it or the caller's patience will be.
    }
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }
}
