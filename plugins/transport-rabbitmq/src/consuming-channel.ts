import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { AsyncMessage, Channel, Connection } from "rabbitmq-client";
import { Acknowledgements } from "./acknowledgements.js";
import { LastingChannel } from "./lasting-channel.js";

/** Milliseconds before a lost channel is next tried to be opened, and at most. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;

/** Declares and consumes on each new channel. */
type Prepare = (consuming: Consuming) => Promise<void>;

/** A new channel while its queues are declared and consumed. */
export interface Consuming {
  readonly channel: Channel;
  readonly acks: Acknowledgements;
  /** Consumes a queue each of whose messages is acknowledged through `acks`. */
  consume(queue: string, work: (message: AsyncMessage) => Promise<void>): Promise<void>;
  /** Consumes a queue whose messages nobody acknowledges. */
  hear(queue: string, work: (message: AsyncMessage) => Promise<void>): Promise<void>;
}

/**
 * Consumes the queues of a listener on one channel, and consumes them anew after the channel was lost. The library's own
 * consumer would wait for all running work before it does so, and its close can start work on what it gives back.
 */
export class ConsumingChannel {
  readonly #channel: LastingChannel;
  readonly #running = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  #consumerTags: string[] = [];
  #acks: Acknowledgements | undefined;

  /**
   * @param onLost told when the channel is gone, and with it maybe its queues
   * @param window see {@link Acknowledgements}
   */
  constructor(
    connection: Connection,
    prepare: Prepare,
    onLost: () => void = () => {},
    private readonly window = 0,
  ) {
    setMaxListeners(0, this.#ending.signal);
    this.#channel = new LastingChannel(
      connection,
      (channel) => this.#prepare(channel, prepare),
      () => {
        onLost();
        void this.#reopen();
      },
    );
  }

  /** Aborts when no more is taken: who waits to try something again should not. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** False while its channel is lost. */
  get isConsuming(): boolean {
    return this.#channel.current !== undefined;
  }

  /** Resolves when every queue is consumed. */
  async open(): Promise<void> {
    await this.#channel.open();
  }

  /** Takes no more, and resolves when what was taken is done. */
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

  /** Lets go at once. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#acks?.flush();
    await this.#channel.close();
  }

  async #prepare(channel: Channel, prepare: Prepare): Promise<void> {
    const acks = new Acknowledgements(channel, this.window, () => this.#channel.writes.begin());
    // A queue that is deleted ends its consumer alone; a new channel declares all of them again.
    channel.on("basic.cancel", () => {
      acks.flush();
      void channel.close();
    });
    const consumerTags: string[] = [];
    const consume = async (queue: string, noAck: boolean, work: (message: AsyncMessage) => Promise<void>) => {
      const { consumerTag } = await channel.basicConsume({ queue, noAck }, (message) => {
        if (!noAck) acks.received(message);
        const running = work(message).finally(() => this.#running.delete(running));
        this.#running.add(running);
      });
      consumerTags.push(consumerTag);
    };
    await prepare({
      channel,
      acks,
      consume: (queue, work) => consume(queue, false, work),
      hear: (queue, work) => consume(queue, true, work),
    });
    this.#consumerTags = consumerTags;
    this.#acks = acks;
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
