import { createHash } from "node:crypto";
import { type Address, assertTopic, KilonovaError } from "@kilonova/messaging";

/** Bytes; an index entry has room for no more than some 2,700. */
const LONGEST_HOST = 1_024;

/**
 * The queue of an address: no two share one, for a topic has no slash.
 *
 * @throws KilonovaError `contract.invalid` for what PostgreSQL could not keep: one message must not spoil its batch
 */
export function queueName({ topic, server }: Address): string {
  assertTopic(topic);
  if (server === undefined) return topic;
  if (server.includes("\0") || Buffer.byteLength(server) > LONGEST_HOST) {
    throw new KilonovaError(
      "contract.invalid",
      `"${server.slice(0, 80)}" is no host's name: ${LONGEST_HOST} bytes at most, none of them zero.`,
    );
  }
  return `${topic}/${server}`;
}

/** The address of a queue. */
export function addressOf(queue: string): Address {
  const at = queue.indexOf("/");
  return at < 0 ? { topic: queue } : { topic: queue.slice(0, at), server: queue.slice(at + 1) };
}

/** The notification channel of a queue, as `messaging.channel_of` names it: at most 63 bytes. */
export function channelOf(queue: string): string {
  return `kilonova_queue_${createHash("sha256").update(queue).digest("hex").slice(0, 32)}`;
}

/** The channel that a session's answers are announced on. */
export function answerChannelOf(session: number): string {
  return `kilonova_answers_${session}`;
}
