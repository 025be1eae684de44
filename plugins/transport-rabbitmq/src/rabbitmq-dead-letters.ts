import { boundHost, type DeadLetter, type DeadLetters } from "@kilonova/messaging";
import type { Channel, Connection, SyncMessage } from "rabbitmq-client";
import { z } from "zod";
import { bodyOf } from "./answer.js";
import { brokerError } from "./broker-error.js";
import { closeChannel } from "./close-channel.js";
import { type ConfirmedLine, DELIVERIES, REASON, SERVER } from "./confirmed-line.js";
import { deadQueue, declareDeadQueue } from "./topology.js";

/** No dead queue is longer (its `x-max-length`). */
const LONGEST_QUEUE = 10_000;
/** Seconds to milliseconds: AMQP's timestamps are whole seconds. */
const SECOND = 1_000;

/**
 * The dead letters that RabbitMQ keeps. AMQP knows no looking into a queue: they are fetched on a channel that does not
 * acknowledge them and is closed afterwards, so that the broker puts them back where they were; it does so as well when
 * this process dies in the middle. While somebody looks, another sees none of what he has fetched.
 */
export class RabbitmqDeadLetters implements DeadLetters {
  constructor(
    private readonly connection: Connection,
    private readonly confirmed: ConfirmedLine,
    private readonly url: string,
  ) {}

  async list(topic: string, most: number): Promise<readonly DeadLetter[]> {
    return this.#looking(topic, async (channel, queue) => {
      const letters: DeadLetter[] = [];
      while (letters.length < most) {
        const message = await channel.basicGet({ queue });
        if (!message) break;
        letters.push(letterOf(topic, message));
      }
      return letters;
    });
  }

  /** Safe in its queue of casts before it leaves this one: killed between the two, it is in both. */
  async retry(topic: string, id: string): Promise<boolean> {
    return this.#taking(topic, id, ({ address, body }) => this.confirmed.cast(address, body));
  }

  async drop(topic: string, id: string): Promise<boolean> {
    return this.#taking(topic, id, async () => {});
  }

  async #taking(topic: string, id: string, use: (letter: DeadLetter) => Promise<void>): Promise<boolean> {
    return this.#looking(topic, async (channel, queue) => {
      for (let looked = 0; looked < LONGEST_QUEUE; looked++) {
        const message = await channel.basicGet({ queue });
        if (!message) return false;
        const letter = letterOf(topic, message);
        if (letter.id !== id) continue;
        await use(letter);
        channel.basicAck({ deliveryTag: message.deliveryTag });
        return true;
      }
      return false;
    });
  }

  async #looking<Found>(topic: string, look: (channel: Channel, queue: string) => Promise<Found>): Promise<Found> {
    try {
      const channel = await this.connection.acquire();
      try {
        await declareDeadQueue(channel, topic);
        return await look(channel, deadQueue(topic).queue);
      } finally {
        await closeChannel(channel);
      }
    } catch (error) {
      throw brokerError(this.url, "to look at dead letters", error);
    }
  }
}

/** Some were put aside by the broker itself, which counts deliveries of its own: it says when and why in `x-death`. */
const headersSchema = z.object({
  [DELIVERIES]: z.number().optional().catch(undefined),
  [REASON]: z.string().optional().catch(undefined),
  [SERVER]: z.string().optional().catch(undefined),
  "x-death": z
    .array(z.object({ reason: z.string().optional(), time: z.number().optional() }))
    .optional()
    .catch(undefined),
});

function letterOf(topic: string, message: SyncMessage): DeadLetter {
  const headers = headersSchema.parse(message.headers ?? {});
  const [death] = headers["x-death"] ?? [];
  // One that a listener bound to a host has buried came to that host: what it says itself would lead elsewhere by retry.
  const bound = boundHost(message.userId);
  const server = bound?.topic === topic ? bound.host : headers[SERVER];
  return {
    id: message.messageId ?? `tag-${message.deliveryTag}`,
    address: { topic, ...(server === undefined ? {} : { server }) },
    at: (message.timestamp ?? death?.time ?? 0) * SECOND,
    deliveries: headers[DELIVERIES] ?? 0,
    reason: headers[REASON] ?? `RabbitMQ put it aside: ${death?.reason ?? "it does not say why"}.`,
    body: bodyOf(message),
  };
}
