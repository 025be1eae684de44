import {
  type Address,
  type AnswerEnvelope,
  type DeliveryHandler,
  type EnvelopeCodec,
  type ListenerAddress,
  messageOf,
} from "@kilonova/messaging";
import type { AsyncMessage, Connection } from "rabbitmq-client";
import type { Acknowledgements } from "../acknowledgements.js";
import { type Consuming, ConsumingChannel } from "../consuming-channel.js";
import { Slots } from "../slots.js";
import type { LastingListener, ListenerState } from "../wire.js";
import { toOsloAnswer, toOsloBeat } from "./oslo-answer.js";
import { unwrap } from "./oslo-envelope.js";
import type { OsloReplyLine } from "./oslo-reply-line.js";
import { fromOsloRequest, type OsloRequest, type ReplyTo, replyToOf } from "./oslo-request.js";
import { fanoutExchange, fanoutQueue, topicExchange, topicKey, topicQueue } from "./oslo-topology.js";

/** What a listener needs of its wire. */
export interface OsloListenerWorld {
  readonly codec: EnvelopeCodec;
  readonly replies: OsloReplyLine;
  readonly exchange: string;
  readonly prefetch: number;
}

/** So many messages are remembered, to know one that comes again. */
const REMEMBERED = 1_000;
const SECOND = 1_000;

/**
 * Listens as a server of oslo.messaging does, with its promises: a message is acknowledged when it is begun and worked on at
 * most once, casts as well. One that comes a second time within the last thousand is dropped.
 */
export class OsloListener implements LastingListener {
  readonly #consuming: ConsumingChannel;
  readonly #slots: Slots;
  readonly #seen = new Set<string>();

  constructor(
    connection: Connection,
    readonly address: ListenerAddress,
    private readonly handler: DeliveryHandler,
    concurrency: number,
    private readonly world: OsloListenerWorld,
  ) {
    this.#slots = new Slots(concurrency);
    this.#consuming = new ConsumingChannel(connection, (consuming) => this.#prepare(consuming));
  }

  get state(): ListenerState {
    if (this.#consuming.ending.aborted) return "ended";
    return this.#consuming.isConsuming ? "listening" : "lost";
  }

  open(): Promise<void> {
    return this.#consuming.open();
  }

  stop(): Promise<void> {
    return this.#consuming.stop();
  }

  close(): Promise<void> {
    return this.#consuming.close();
  }

  async #prepare({ channel, acks, consume }: Consuming): Promise<void> {
    const { topic } = this.address;
    const exchange = topicExchange(this.world.exchange);
    const fanout = fanoutExchange(topic);
    const ownQueue = fanoutQueue(topic);
    await channel.basicQos({ prefetchCount: Math.min(this.world.prefetch, this.#slots.count) });
    await channel.exchangeDeclare(exchange);
    await channel.exchangeDeclare(fanout);
    await channel.queueDeclare(ownQueue);
    await channel.queueBind({ queue: ownQueue.queue, exchange: fanout.exchange, routingKey: topic });
    await consume(ownQueue.queue, (message) => this.#take(acks, message, "fanout"));
    const addresses: readonly Address[] = [{ topic }, this.address];
    for (const address of addresses) {
      const queue = topicQueue(address);
      await channel.queueDeclare(queue);
      await channel.queueBind({ queue: queue.queue, exchange: exchange.exchange, routingKey: topicKey(address) });
      await consume(queue.queue, (message) => this.#take(acks, message, "cast"));
    }
  }

  async #take(acks: Acknowledgements, message: AsyncMessage, kind: "cast" | "fanout"): Promise<void> {
    await this.#slots.take();
    try {
      acks.acknowledge(message);
      const { request, replyTo } = this.#read(message) ?? {};
      if (!request || this.#isRepeated(request.id)) return;
      if (replyTo) await this.#answer(request, replyTo);
      else await this.#perform(request, kind);
    } finally {
      this.#slots.give();
    }
  }

  /** What cannot be read is told to the caller, where one can be made out, and else to nobody. */
  #read(message: AsyncMessage): Partial<OsloRequest> | undefined {
    let content: unknown;
    try {
      content = unwrap(message);
      return fromOsloRequest(this.address.topic, content, message);
    } catch (error) {
      const replyTo = replyToOf(content);
      const answer: AnswerEnvelope = { v: 1, error: { code: "rpc.badMessage", message: messageOf(error) } };
      if (replyTo) void this.world.replies.send(replyTo.queue, toOsloAnswer(replyTo.messageId, answer));
      return undefined;
    }
  }

  #isRepeated(id: string): boolean {
    if (this.#seen.has(id)) return true;
    this.#seen.add(id);
    if (this.#seen.size > REMEMBERED) for (const oldest of [...this.#seen].slice(0, 1)) this.#seen.delete(oldest);
    return false;
  }

  async #answer(request: OsloRequest["request"], { messageId, queue, monitor }: ReplyTo): Promise<void> {
    const { codec, replies } = this.world;
    const beat = () => void replies.send(queue, toOsloBeat(messageId));
    const beats = monitor === undefined ? undefined : setInterval(beat, (monitor * SECOND) / 2);
    try {
      const body = codec.encode(request);
      const answer = await this.handler({ kind: "call", body, redelivered: false, beat: () => {} });
      await replies.send(queue, toOsloAnswer(messageId, codec.decodeAnswer(answer ?? "")));
    } catch (error) {
      const failure: AnswerEnvelope = { v: 1, error: { code: "rpc.failed", message: messageOf(error) } };
      await replies.send(queue, toOsloAnswer(messageId, failure));
    } finally {
      clearInterval(beats);
    }
  }

  /** It was acknowledged: what fails has failed. */
  async #perform(request: OsloRequest["request"], kind: "cast" | "fanout"): Promise<void> {
    try {
      const body = this.world.codec.encode(request);
      await this.handler({ kind, body, redelivered: false, beat: () => {} });
    } catch {
      // Nobody waits for it.
    }
  }
}
