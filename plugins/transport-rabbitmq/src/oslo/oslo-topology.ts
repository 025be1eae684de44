import { randomUUID } from "node:crypto";
import type { Address } from "@kilonova/messaging";

// Names and arguments as oslo.messaging 14.0 declares them by default (its `_drivers/impl_rabbit.py`; nova-facts 2.1):
// RabbitMQ refuses a queue that is there with other arguments.

/** Milliseconds that a queue of one process stays without a consumer: `rabbit_transient_queues_ttl`. */
const TRANSIENT_TTL = 1_800_000;

/** The exchange of topics: `control_exchange`. */
export function topicExchange(exchange: string) {
  return { exchange, type: "topic", durable: false, autoDelete: false };
}

/** The queue of a topic, or of a host in it; bound to the exchange by its own name. */
export function topicQueue(address: Address) {
  return { queue: topicKey(address), durable: false, exclusive: false, autoDelete: false };
}

export function topicKey({ topic, server }: Address): string {
  return server === undefined ? topic : `${topic}.${server}`;
}

export function fanoutExchange(topic: string) {
  return { exchange: `${topic}_fanout`, type: "fanout", durable: false, autoDelete: true };
}

/** A listener's own queue at the fanout exchange. */
export function fanoutQueue(topic: string) {
  return transientQueue(`${topic}_fanout_${hexId()}`);
}

/** The queue of answers to one process's calls. */
export function replyQueue() {
  return transientQueue(`reply_${hexId()}`);
}

/** A UUID as oslo.messaging writes it. */
export function hexId(): string {
  return randomUUID().replaceAll("-", "");
}

function transientQueue(queue: string) {
  return {
    queue,
    durable: false,
    exclusive: false,
    autoDelete: false,
    arguments: { "x-expires": TRANSIENT_TTL },
  };
}
