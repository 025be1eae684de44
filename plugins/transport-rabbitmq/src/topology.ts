import { randomUUID } from "node:crypto";
import type { Address } from "@kilonova/messaging";
import type { Channel } from "rabbitmq-client";
import { addressName } from "./names.js";

// What is declared here is frozen (docs/decisions/0005-queues.md): RabbitMQ refuses a queue that is there with other
// arguments. Whatever must change gets names that begin with "v2.".

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

const DEAD_EXCHANGE = { exchange: "v1.dead", type: "direct", durable: true };

/** A queue of calls. It goes with its last consumer, so that a call without listener comes back at once. */
export function callQueue(address: Address) {
  return {
    queue: `v1.${addressName(address)}.call`,
    durable: true,
    autoDelete: true,
    arguments: { "x-queue-type": "classic" as const, "x-expires": 10 * SECOND },
  };
}

/** A queue of casts. It stays: quorum for a topic, of which there are few; classic for each of many hosts. */
export function castQueue(address: Address) {
  return {
    queue: `v1.${addressName(address)}.cast`,
    durable: true,
    arguments: {
      ...(address.server === undefined
        ? { "x-queue-type": "quorum" as const, "x-delivery-limit": 20 }
        : { "x-queue-type": "classic" as const, "x-expires": 7 * DAY }),
      "x-dead-letter-exchange": DEAD_EXCHANGE.exchange,
      "x-dead-letter-routing-key": address.topic,
    },
  };
}

/** Casts of a topic and its hosts that failed too often: kept a week for whoever wants to know. */
export function deadQueue(topic: string) {
  return {
    queue: `v1.${addressName({ topic })}.dead`,
    durable: true,
    arguments: { "x-queue-type": "classic" as const, "x-message-ttl": 7 * DAY, "x-max-length": 10_000 },
  };
}

export function fanoutExchange(topic: string) {
  return { exchange: `v1.${addressName({ topic })}.fanout`, type: "fanout", durable: true };
}

/** A listener's own queue at the fanout exchange. A new name each time: the last connection's may not be gone yet. */
export function fanoutQueue(topic: string) {
  return { ...ownQueue(), queue: `${fanoutExchange(topic).exchange}.${randomUUID()}` };
}

/** The queue of answers to one process's calls. */
export function replyQueue() {
  return { ...ownQueue(), queue: `v1.reply.${randomUUID()}` };
}

/** Declares a queue of casts and where its dead letters go. Safe to repeat. */
export async function declareCastQueue(channel: Channel, address: Address): Promise<void> {
  await declareDeadQueue(channel, address.topic);
  await channel.queueDeclare(castQueue(address));
}

/** Declares where the dead letters of a topic go. Safe to repeat. */
export async function declareDeadQueue(channel: Channel, topic: string): Promise<void> {
  const dead = deadQueue(topic);
  await channel.exchangeDeclare(DEAD_EXCHANGE);
  await channel.queueDeclare(dead);
  await channel.queueBind({ queue: dead.queue, exchange: DEAD_EXCHANGE.exchange, routingKey: topic });
}

function ownQueue() {
  return { exclusive: true, autoDelete: true, durable: false, arguments: { "x-queue-type": "classic" as const } };
}
