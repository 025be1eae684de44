import type { AsyncMessage, Channel } from "rabbitmq-client";

type Delivered = Pick<AsyncMessage, "deliveryTag">;

/** Milliseconds that an acknowledgement is held back at most. */
const HELD_BACK = 5;

/**
 * Acknowledges what a channel delivered, in as few frames as it takes: all up to the oldest unfinished message by one. Each
 * frame costs RabbitMQ about as much as a message, and a quorum queue writes it into its log. So what is finished is held back
 * for a moment, and only while RabbitMQ may deliver more than as many again: whoever waits for room gets it at the end of the
 * turn.
 *
 * Should the process die in that moment, RabbitMQ marks its calls as redelivered, and nobody begins them again; casts are
 * delivered again, as those are that are not finished.
 */
export class Acknowledgements {
  /** Delivered and not acknowledged yet, in the order in which they came; true: finished. */
  readonly #open = new Map<number, boolean>();
  #finished = 0;
  #endOfTurn: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param window so many messages RabbitMQ delivers at most before one is acknowledged; 0: hold nothing back
   * @param beforeSending called before each frame
   */
  constructor(
    private readonly channel: Pick<Channel, "active" | "basicAck" | "basicNack">,
    private readonly window: number,
    private readonly beforeSending: () => void,
  ) {}

  /** False when the channel is gone, and its messages with it: others have them, or will. */
  get canSend(): boolean {
    return this.channel.active;
  }

  /** To be told of each delivery that must be acknowledged, in their order. */
  received({ deliveryTag }: Delivered): void {
    this.#open.set(deliveryTag, false);
  }

  /** The message is done with. Safe to repeat. */
  acknowledge({ deliveryTag }: Delivered): void {
    if (this.#open.get(deliveryTag) !== false) return;
    this.#open.set(deliveryTag, true);
    this.#finished += 1;
    if (this.#isTight()) this.#endOfTurn ??= setImmediate(this.flush);
    else this.#timer ??= setTimeout(this.flush, HELD_BACK);
  }

  /** The message goes back, or to where the dead letters are. */
  reject({ deliveryTag }: Delivered, requeue: boolean): void {
    this.#open.delete(deliveryTag);
    if (this.canSend) this.channel.basicNack({ deliveryTag, requeue });
  }

  /** Sends what is due. To be called before the channel is closed in good order. */
  flush = (): void => {
    clearImmediate(this.#endOfTurn);
    clearTimeout(this.#timer);
    this.#endOfTurn = undefined;
    this.#timer = undefined;
    if (!this.canSend) return;
    let last = 0;
    for (const [tag, isFinished] of this.#open) {
      if (!isFinished) break;
      this.#forget(tag);
      last = tag;
    }
    if (last > 0) this.#frame(last, true);
    // The others stand behind one that takes longer.
    for (const [tag, isFinished] of this.#open) {
      if (this.#finished === 0) break;
      if (!isFinished) continue;
      this.#forget(tag);
      this.#frame(tag, false);
    }
  };

  /** As much room is held back as is left, or more. */
  #isTight(): boolean {
    return this.window <= this.#open.size + this.#finished;
  }

  #forget(tag: number): void {
    this.#open.delete(tag);
    this.#finished -= 1;
  }

  #frame(deliveryTag: number, multiple: boolean): void {
    this.beforeSending();
    this.channel.basicAck({ deliveryTag, multiple });
  }
}
