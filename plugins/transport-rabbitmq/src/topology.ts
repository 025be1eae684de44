import { randomUUID } from "node:crypto";
import { type Address, boundHost } from "@kilonova/messaging";
import type { Channel, Connection } from "rabbitmq-client";
import { codeOf } from "./broker-error.js";
import { closeChannel } from "./close-channel.js";
import { addressName, UUID_PATTERN, userName } from "./names.js";

// What is declared here is frozen (docs/decisions/0005-queues.md): RabbitMQ refuses a queue that is there with other
// arguments. Whatever must change gets names that begin with "v2.".

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

// What is published goes through an exchange of its purpose, never through the default exchange: there RabbitMQ looks at no
// name of a queue, so that whoever may publish at all may publish to everybody (docs/decisions/0026-who-may-say-what.md).
// A topic exchange stands where a user that is bound to a host binds its queues, for only there RabbitMQ looks at the keys of
// bindings. It takes RabbitMQ three times as long as any other to find a queue.

/** Where answers to users that are bound to a host go through, by the names of the queues for them. */
export const HOST_REPLY_EXCHANGE = "reply.v1";
const HOST_REPLIES = { exchange: HOST_REPLY_EXCHANGE, type: "topic", durable: true };
const UUID = new RegExp(`^${UUID_PATTERN}$`);

/** Where all answers to a broker user go through, by the names of the queues for them. */
export function replyExchange(user: string) {
  if (boundHost(user)) return HOST_REPLIES;
  return { exchange: replyName(user), type: "direct", durable: true };
}

/** What the names of a user's queues of answers begin with. */
export function replyName(user: string): string {
  return `${HOST_REPLY_EXCHANGE}.${userName(user)}`;
}

/** Where calls and casts to single hosts of a topic go through, by the names of their queues. */
export function hostExchange(topic: string) {
  return { exchange: `v1.${addressName({ topic })}`, type: "topic", durable: true };
}

/** Where calls go through: those to a topic reach its one queue, those to a host its own. */
export function callExchange({ topic, server }: Address) {
  return server === undefined ? sharedExchange(topic, "calls") : hostExchange(topic);
}

/** Where casts go through, as calls do. */
export function castExchange({ topic, server }: Address) {
  return server === undefined ? sharedExchange(topic, "casts") : hostExchange(topic);
}

function sharedExchange(topic: string, purpose: "calls" | "casts") {
  return { exchange: `v1.${addressName({ topic })}.${purpose}`, type: "fanout", durable: true };
}

type Exchange = ReturnType<typeof hostExchange>;

/** Where the dead letters of a topic and its hosts go through. */
export function deadExchange(topic: string) {
  return { exchange: deadQueue(topic).queue, type: "fanout", durable: true };
}

/** Through which a listener puts a cast back that failed: it leads to the queue of that address alone. */
export function retryExchange(address: Address) {
  return { exchange: `v1.${addressName(address)}.retry`, type: "fanout", durable: true };
}

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
      "x-dead-letter-exchange": deadExchange(address.topic).exchange,
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
export function fanoutQueue(address: Address) {
  return { ...ownQueue(), queue: `v1.${addressName(address)}.fanout.${randomUUID()}` };
}

/** The queue of answers to the calls of one process of a broker user. */
export function replyQueue(user: string) {
  return { ...ownQueue(), queue: `${replyName(user)}.${randomUUID()}` };
}

/** A queue of answers to that user: whatever else a caller names is another's, or none. */
export function isReplyQueue(name: string, user: string): boolean {
  const own = `${replyName(user)}.`;
  return name.startsWith(own) && UUID.test(name.slice(own.length));
}

/**
 * An answer to that user, whom RabbitMQ vouches for, at a queue that is its own. The exchange is there, for the caller has made
 * sure of that.
 */
export function replyTo(queue: string, caller: string) {
  return { exchange: replyExchange(caller).exchange, routingKey: queue };
}

/** Declares what all that listen on a topic share, and its senders need. Safe to repeat. */
export async function declareTopic(channel: Channel, topic: string): Promise<void> {
  await channel.exchangeDeclare(HOST_REPLIES);
  await channel.exchangeDeclare(callExchange({ topic }));
  await channel.exchangeDeclare(castExchange({ topic }));
  await channel.exchangeDeclare(hostExchange(topic));
  await channel.exchangeDeclare(fanoutExchange(topic));
  await declareDeadQueue(channel, topic);
}

/** Declares a queue of casts and where its dead letters go, as its senders do. Safe to repeat. */
export async function declareCastQueue(channel: Channel, address: Address): Promise<void> {
  await channel.exchangeDeclare(castExchange(address));
  await declareDeadQueue(channel, address.topic);
  await declareAt(channel, castExchange(address), castQueue(address));
}

/** Declares the queues of an address, as its listeners do. Its topic is there. Safe to repeat. */
export async function declareAddress(channel: Channel, address: Address): Promise<void> {
  await declareAt(channel, callExchange(address), callQueue(address));
  await declareAt(channel, castExchange(address), castQueue(address));
  await declareRetry(channel, address);
}

/** Declares the way back to the queue of casts, which is there. Safe to repeat. */
export async function declareRetry(channel: Channel, address: Address): Promise<void> {
  const { exchange, ...more } = retryExchange(address);
  await channel.exchangeDeclare({ exchange, ...more });
  await channel.queueBind({ queue: castQueue(address).queue, exchange, routingKey: "" });
}

/** Declares where the dead letters of a topic go. Safe to repeat. */
export async function declareDeadQueue(channel: Channel, topic: string): Promise<void> {
  const { exchange, ...more } = deadExchange(topic);
  await channel.exchangeDeclare({ exchange, ...more });
  await channel.queueDeclare(deadQueue(topic));
  await channel.queueBind({ queue: deadQueue(topic).queue, exchange, routingKey: "" });
}

/** Declares the queue of answers of a process of that user, which takes no others'. */
export async function declareReplyQueue(
  channel: Channel,
  user: string,
  reply: ReturnType<typeof replyQueue>,
): Promise<void> {
  await channel.queueDeclare(reply);
  await channel.queueBind({ queue: reply.queue, ...replyTo(reply.queue, user) });
}

/** Declares the queue of fanouts of a listener. */
export async function declareFanoutQueue(
  channel: Channel,
  topic: string,
  fanout: ReturnType<typeof fanoutQueue>,
): Promise<void> {
  await channel.queueDeclare(fanout);
  await channel.queueBind({ queue: fanout.queue, exchange: fanoutExchange(topic).exchange, routingKey: "" });
}

/**
 * Makes sure of an exchange; who may not declare it finds it there. On channels of its own: what RabbitMQ refuses costs the
 * channel, and whatever is under way on it.
 *
 * @throws where it is not there
 */
export async function declareOrFind(connection: Connection, exchange: Exchange): Promise<void> {
  try {
    await onNewChannel(connection, (channel) => channel.exchangeDeclare(exchange));
  } catch (error) {
    if (codeOf(error) !== "ACCESS_REFUSED") throw error;
    await onNewChannel(connection, (channel) =>
      channel.exchangeDeclare({ exchange: exchange.exchange, passive: true }),
    );
  }
}

async function onNewChannel(connection: Connection, work: (channel: Channel) => Promise<void>): Promise<void> {
  const channel = await connection.acquire();
  try {
    await work(channel);
  } finally {
    await closeChannel(channel);
  }
}

async function declareAt(
  channel: Channel,
  { exchange }: Exchange,
  queue: ReturnType<typeof castQueue | typeof callQueue>,
): Promise<void> {
  await channel.queueDeclare(queue);
  await channel.queueBind({ queue: queue.queue, exchange, routingKey: queue.queue });
}

function ownQueue() {
  return { exclusive: true, autoDelete: true, durable: false, arguments: { "x-queue-type": "classic" as const } };
}
