import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Address,
  DELIVERY_LIMIT,
  type DeliveryHandler,
  type Listener,
  type ListenerAddress,
  messageOf,
  redeliveryPause,
} from "@kilonova/messaging";
import type { AsyncMessage, Channel, Connection } from "rabbitmq-client";
import { bodyOf } from "./answer.js";
import type { AnswerLine } from "./answer-line.js";
import { type ConfirmedLine, DELIVERIES } from "./confirmed-line.js";
import { LastingChannel } from "./lasting-channel.js";
import { Slots } from "./slots.js";
import { callQueue, castQueue, declareCastQueue, fanoutExchange, fanoutQueue } from "./topology.js";

/** What a listener needs of its transport. */
export interface ListenerWorld {
  readonly connection: Connection;
  readonly answers: AnswerLine;
  readonly confirmed: ConfirmedLine;
  readonly prefetch: number;
}

/** Milliseconds before a lost listener's next attempt to listen again, and at most. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;

/**
 * Consumes the five queues of a listener on one channel, and consumes them anew after the channel was lost. The library's
 * own consumer would wait for all running work before it does so, and its close can start work on what it gives back.
 */
export class RabbitmqListener implements Listener {
  readonly #channel: LastingChannel;
  readonly #slots: Slots;
  readonly #running = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  #consumerTags: string[] = [];

  constructor(
    readonly address: ListenerAddress,
    private readonly handler: DeliveryHandler,
    concurrency: number,
    private readonly world: ListenerWorld,
  ) {
    this.#slots = new Slots(concurrency);
    setMaxListeners(0, this.#ending.signal);
    this.#channel = new LastingChannel(
      world.connection,
      (channel) => this.#prepare(channel),
      () => void this.#reopen(),
    );
  }

  /** Resolves when every queue is consumed. */
  async open(): Promise<void> {
    await this.#channel.open();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    const channel = this.#channel.current;
    for (const consumerTag of this.#consumerTags.splice(0)) await channel?.basicCancel({ consumerTag }).catch(() => {});
    // What came before the cancellation was confirmed is announced in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.#channel.close();
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#channel.close();
  }

  async #prepare(channel: Channel): Promise<void> {
    const { topic } = this.address;
    const fanout = { exchange: fanoutExchange(topic), queue: fanoutQueue(topic) };
    await channel.exchangeDeclare(fanout.exchange);
    await channel.queueDeclare(fanout.queue);
    await channel.queueBind({ queue: fanout.queue.queue, exchange: fanout.exchange.exchange, routingKey: "" });
    await channel.basicQos({ prefetchCount: this.world.prefetch });
    // A queue that is deleted ends its consumer alone; a new channel declares all of them again.
    channel.on("basic.cancel", () => void channel.close());
    const tags = [await this.#consume(channel, fanout.queue.queue, true, (message) => this.#hear(message))];
    for (const address of [{ topic }, this.address]) {
      await channel.queueDeclare(callQueue(address));
      await declareCastQueue(channel, address);
      tags.push(
        await this.#consume(channel, callQueue(address).queue, false, (message) => this.#answer(channel, message)),
        await this.#consume(channel, castQueue(address).queue, false, (message) =>
          this.#perform(channel, message, address),
        ),
      );
    }
    this.#consumerTags = tags;
  }

  async #consume(channel: Channel, queue: string, noAck: boolean, work: (message: AsyncMessage) => Promise<void>) {
    const { consumerTag } = await channel.basicConsume({ queue, noAck }, (message) => {
      const running = work(message).finally(() => this.#running.delete(running));
      this.#running.add(running);
    });
    return consumerTag;
  }

  /** A call is worked on at most once: it is acknowledged before, and not touched when it may have been begun elsewhere. */
  async #answer(channel: Channel, message: AsyncMessage): Promise<void> {
    if (message.redelivered) {
      this.#acknowledge(channel, message);
      const lost = "Whoever took the call is gone, and may have begun to work on it.";
      return this.world.answers.send(message, { type: "failure", code: "rpc.peerLost", message: lost });
    }
    const deadline = Date.now() + Number(message.expiration ?? Number.POSITIVE_INFINITY);
    await this.#slots.take();
    try {
      if (!channel.active) return;
      this.#acknowledge(channel, message);
      if (Date.now() < deadline) await this.world.answers.send(message, await this.#answerTo(message));
    } finally {
      this.#slots.give();
    }
  }

  async #answerTo(message: AsyncMessage) {
    const beat = () => void this.world.answers.send(message, { type: "beat" });
    try {
      const body = await this.handler({ kind: "call", body: bodyOf(message), redelivered: false, beat });
      return { type: "answer", body: body ?? "" } as const;
    } catch (error) {
      return { type: "failure", code: "rpc.failed", message: messageOf(error) } as const;
    }
  }

  /** A cast is acknowledged when its work is done, or when a copy of it that counts the delivery is safe in its queue. */
  async #perform(channel: Channel, message: AsyncMessage, address: Address): Promise<void> {
    const before = Number(message.headers?.[DELIVERIES] ?? 0) || 0;
    // Its last listener died at work. A classic queue does not count that: the copy does.
    if (message.redelivered) return this.#putBack(channel, message, address, before + 1);
    if (await this.#done(channel, message, before > 0)) return this.#acknowledge(channel, message);
    if (before + 1 < DELIVERY_LIMIT) {
      await pause(redeliveryPause(before + 1), undefined, { signal: this.#ending.signal }).catch(() => {});
    }
    await this.#putBack(channel, message, address, before + 1);
  }

  async #done(channel: Channel, message: AsyncMessage, redelivered: boolean): Promise<boolean> {
    await this.#slots.take();
    try {
      if (channel.active) await this.handler({ kind: "cast", body: bodyOf(message), redelivered, beat: () => {} });
      return true;
    } catch {
      return false;
    } finally {
      this.#slots.give();
    }
  }

  async #putBack(channel: Channel, message: AsyncMessage, address: Address, deliveries: number): Promise<void> {
    if (!channel.active) return;
    if (deliveries >= DELIVERY_LIMIT) return this.#reject(channel, message, false);
    try {
      await this.world.confirmed.cast(address, bodyOf(message), deliveries);
      this.#acknowledge(channel, message);
    } catch {
      this.#reject(channel, message, true);
    }
  }

  async #hear(message: AsyncMessage): Promise<void> {
    await this.handler({ kind: "fanout", body: bodyOf(message), redelivered: false, beat: () => {} }).catch(() => {});
  }

  async #reopen(): Promise<void> {
    for (let longest = FIRST_PAUSE; !this.#ending.signal.aborted; longest = Math.min(longest * 2, LONGEST_PAUSE)) {
      await pause(longest * (0.5 + Math.random() / 2), undefined, { signal: this.#ending.signal }).catch(() => {});
      if (this.#ending.signal.aborted) return;
      const opened = await this.#channel.open().then(
        () => true,
        () => false,
      );
      if (opened) return;
    }
  }

  /** On a channel that is gone there is nothing to say: the broker has taken its messages back. */
  #acknowledge(channel: Channel, { deliveryTag }: AsyncMessage): void {
    if (!channel.active) return;
    this.#channel.writes.begin();
    channel.basicAck({ deliveryTag });
  }

  #reject(channel: Channel, { deliveryTag }: AsyncMessage, requeue: boolean): void {
    if (channel.active) channel.basicNack({ deliveryTag, requeue });
  }
}
