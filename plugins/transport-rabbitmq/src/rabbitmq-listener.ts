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
import { Acknowledgements } from "./acknowledgements.js";
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
  #acks: Acknowledgements | undefined;

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
    this.#acks?.flush();
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
    const acks = new Acknowledgements(channel, () => this.#channel.writes.begin());
    const tags = [await this.#consume(channel, fanout.queue.queue, (message) => this.#hear(message))];
    for (const address of [{ topic }, this.address]) {
      await channel.queueDeclare(callQueue(address));
      await declareCastQueue(channel, address);
      tags.push(
        await this.#consume(channel, callQueue(address).queue, (message) => this.#answer(acks, message), acks),
        await this.#consume(
          channel,
          castQueue(address).queue,
          (message) => this.#perform(acks, message, address),
          acks,
        ),
      );
    }
    this.#consumerTags = tags;
    this.#acks = acks;
  }

  /** @param acks none for a queue whose messages nobody acknowledges */
  async #consume(
    channel: Channel,
    queue: string,
    work: (message: AsyncMessage) => Promise<void>,
    acks?: Acknowledgements,
  ) {
    const { consumerTag } = await channel.basicConsume({ queue, noAck: !acks }, (message) => {
      acks?.received(message);
      const running = work(message).finally(() => this.#running.delete(running));
      this.#running.add(running);
    });
    return consumerTag;
  }

  /** A call is worked on at most once: it is acknowledged as it is begun, and not touched when it may have been begun elsewhere. */
  async #answer(acks: Acknowledgements, message: AsyncMessage): Promise<void> {
    if (message.redelivered) {
      acks.acknowledge(message);
      const lost = "Whoever took the call is gone, and may have begun to work on it.";
      return this.world.answers.send(message, { type: "failure", code: "rpc.peerLost", message: lost });
    }
    const deadline = Date.now() + Number(message.expiration ?? Number.POSITIVE_INFINITY);
    await this.#slots.take();
    try {
      if (!acks.canSend) return;
      acks.acknowledge(message);
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
  async #perform(acks: Acknowledgements, message: AsyncMessage, address: Address): Promise<void> {
    const before = Number(message.headers?.[DELIVERIES] ?? 0) || 0;
    // Its last listener died at work. A classic queue does not count that: the copy does.
    if (message.redelivered) return this.#putBack(acks, message, address, before + 1);
    if (await this.#done(acks, message, before > 0)) return acks.acknowledge(message);
    if (before + 1 < DELIVERY_LIMIT) {
      await pause(redeliveryPause(before + 1), undefined, { signal: this.#ending.signal }).catch(() => {});
    }
    await this.#putBack(acks, message, address, before + 1);
  }

  async #done(acks: Acknowledgements, message: AsyncMessage, redelivered: boolean): Promise<boolean> {
    await this.#slots.take();
    try {
      if (acks.canSend) await this.handler({ kind: "cast", body: bodyOf(message), redelivered, beat: () => {} });
      return true;
    } catch {
      return false;
    } finally {
      this.#slots.give();
    }
  }

  async #putBack(acks: Acknowledgements, message: AsyncMessage, address: Address, deliveries: number): Promise<void> {
    if (!acks.canSend) return;
    if (deliveries >= DELIVERY_LIMIT) return acks.reject(message, false);
    try {
      await this.world.confirmed.cast(address, bodyOf(message), deliveries);
      acks.acknowledge(message);
    } catch {
      acks.reject(message, true);
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
}
