import { setTimeout as pause } from "node:timers/promises";
import {
  type Address,
  boundUser,
  DELIVERY_LIMIT,
  type DeadLetterObserver,
  type DeliveryHandler,
  isHopeless,
  type Listener,
  type ListenerAddress,
  reasonText,
  redeliveryPause,
} from "@kilonova/messaging";
import type { AsyncMessage, Connection } from "rabbitmq-client";
import type { Acknowledgements } from "./acknowledgements.js";
import { bodyOf } from "./answer.js";
import type { AnswerLine } from "./answer-line.js";
import { CallWork } from "./call-work.js";
import { type ConfirmedLine, DELIVERIES, SENDER } from "./confirmed-line.js";
import { type Consuming, ConsumingChannel } from "./consuming-channel.js";
import { Slots } from "./slots.js";
import { callQueue, castQueue, declareAddress, declareFanoutQueue, declareTopic, fanoutQueue } from "./topology.js";
import type { ListenerState } from "./wire.js";

/** What a listener needs of its transport. */
export interface ListenerWorld {
  readonly connection: Connection;
  readonly answers: AnswerLine;
  readonly confirmed: ConfirmedLine;
  readonly prefetch: number;
  readonly onDeadLetter: DeadLetterObserver | undefined;
  /** Whom RabbitMQ knows this process as. */
  readonly user: string;
}

/** Milliseconds before a cast of which no copy could be made goes back as it is. */
const REFUSED_PAUSE = 1_000;
const LISTENER_DIED = "Whoever worked on it was gone before it was done.";

/** A cast that is worked on. */
interface CastDelivery {
  readonly acks: Acknowledgements;
  readonly message: AsyncMessage;
  readonly address: Address;
  /** This one included. */
  readonly deliveries: number;
}

/** Listens on the five queues of an address. */
export class RabbitmqListener implements Listener {
  readonly #consuming: ConsumingChannel;
  readonly #slots: Slots;
  readonly #prefetch: number;
  readonly #calls: CallWork;
  /** Its broker user is bound to its host: it hears that and fanouts, and shares nothing with other hosts. */
  readonly #isBound: boolean;

  constructor(
    readonly address: ListenerAddress,
    private readonly handler: DeliveryHandler,
    concurrency: number,
    private readonly world: ListenerWorld,
  ) {
    this.#slots = new Slots(concurrency);
    this.#calls = new CallWork(handler, this.#slots, world.answers);
    this.#isBound = world.user === boundUser(address.topic, address.server);
    this.#prefetch = Math.min(world.prefetch, concurrency);
    this.#consuming = new ConsumingChannel(
      world.connection,
      (consuming) => this.#prepare(consuming),
      () => this.#calls.beat(),
      this.#prefetch,
    );
  }

  get state(): ListenerState {
    if (this.#consuming.ending.aborted) return "ended";
    return this.#consuming.isConsuming ? "listening" : "lost";
  }

  /** Resolves when every queue is consumed. */
  open(): Promise<void> {
    return this.#consuming.open();
  }

  async stop(): Promise<void> {
    // With its consumer the queue of calls may go: that is not to say that nobody is there.
    this.#calls.leave();
    await this.#consuming.stop();
    this.#calls.end();
  }

  close(): Promise<void> {
    this.#calls.end();
    return this.#consuming.close();
  }

  async #prepare({ channel, acks, consume, hear }: Consuming): Promise<void> {
    const { topic } = this.address;
    const fanout = fanoutQueue(this.address);
    if (!this.#isBound) await declareTopic(channel, topic);
    await declareFanoutQueue(channel, topic, fanout);
    await channel.basicQos({ prefetchCount: this.#prefetch });
    await hear(fanout.queue, (message) => this.#hear(message));
    // What hosts share, none of them may declare, and so none can take it from the others.
    for (const address of this.#isBound ? [this.address] : [{ topic }, this.address]) {
      await declareAddress(channel, address);
      await consume(callQueue(address).queue, (message) => this.#calls.answer(acks, message));
      await consume(castQueue(address).queue, (message) => this.#perform(acks, message, address));
    }
  }

  /** A cast is acknowledged when its work is done, or when a copy of it that counts the delivery is safe in a queue. */
  async #perform(acks: Acknowledgements, message: AsyncMessage, address: Address): Promise<void> {
    const before = Number(message.headers?.[DELIVERIES] ?? 0) || 0;
    const delivery = { acks, message, address, deliveries: before + 1 };
    // Its last listener died at work. A classic queue does not count that: the copy does.
    if (message.redelivered) return this.#putBack(delivery, LISTENER_DIED);
    const failure = await this.#failure(acks, message, before > 0);
    if (!failure) return acks.acknowledge(message);
    if (isHopeless(failure.error)) return this.#bury(delivery, failure.error);
    if (delivery.deliveries < DELIVERY_LIMIT) {
      await pause(redeliveryPause(delivery.deliveries), undefined, { signal: this.#consuming.ending }).catch(() => {});
    }
    await this.#putBack(delivery, failure.error);
  }

  async #failure(
    acks: Acknowledgements,
    message: AsyncMessage,
    redelivered: boolean,
  ): Promise<{ readonly error: unknown } | undefined> {
    await this.#slots.take();
    try {
      if (acks.canSend)
        await this.handler({
          kind: "cast",
          body: bodyOf(message),
          redelivered,
          ...this.#from(message),
          beat: () => {},
        });
      return undefined;
    } catch (error) {
      return { error };
    } finally {
      this.#slots.give();
    }
  }

  async #putBack(delivery: CastDelivery, error: unknown): Promise<void> {
    const { message, address, deliveries } = delivery;
    if (deliveries >= DELIVERY_LIMIT) return this.#bury(delivery, error);
    await this.#copied(delivery, () =>
      this.world.confirmed.again(address, bodyOf(message), deliveries, this.#from(message).sender),
    );
  }

  async #bury(delivery: CastDelivery, error: unknown): Promise<void> {
    const { message, address, deliveries } = delivery;
    const letter = { address, deliveries, reason: reasonText(error), body: bodyOf(message) };
    await this.#copied(delivery, async () => {
      await this.world.confirmed.bury(letter);
      this.world.onDeadLetter?.(letter);
    });
  }

  /** What cannot be copied goes back as it is. */
  async #copied({ acks, message }: CastDelivery, copy: () => Promise<void>): Promise<void> {
    if (!acks.canSend) return;
    try {
      await copy();
      acks.acknowledge(message);
    } catch {
      // It comes again at once: a broker that goes on refusing the copy must not be asked for it in a hot loop.
      await pause(REFUSED_PAUSE, undefined, { signal: this.#consuming.ending }).catch(() => {});
      acks.reject(message, true);
    }
  }

  async #hear(message: AsyncMessage): Promise<void> {
    const delivery = { kind: "fanout", body: bodyOf(message), redelivered: false, beat: () => {} } as const;
    await this.handler({ ...delivery, ...this.#from(message) }).catch(() => {});
  }

  /** RabbitMQ takes no message that names another user than its sender's; what we put back ourselves says whose it was. */
  #from({ userId, headers }: AsyncMessage): { readonly sender?: string } {
    const before: unknown = userId === this.world.user ? headers?.[SENDER] : undefined;
    const sender = typeof before === "string" ? before : userId;
    return sender === undefined ? {} : { sender };
  }
}
