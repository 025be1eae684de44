import type { AsyncMessage, Channel } from "rabbitmq-client";

type Delivered = Pick<AsyncMessage, "deliveryTag">;

/**
 * Acknowledges what a channel delivered, in as few frames as it takes: what is finished in one turn of the event loop is
 * acknowledged at its end, all up to the oldest unfinished message by one frame. A quorum queue writes each frame into
 * its log.
 *
 * That a call is acknowledged a moment after it was begun does no harm: should the process die in between, RabbitMQ
 * marks it as redelivered, and nobody begins it again.
 */
export class Acknowledgements {
  /** Delivered and not acknowledged yet, in the order in which they came; true: finished. */
  readonly #open = new Map<number, boolean>();
  #finished = 0;

  /** @param beforeSending called before each frame */
  constructor(
    private readonly channel: Pick<Channel, "active" | "basicAck" | "basicNack">,
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
    if (this.#finished === 1) setImmediate(this.flush);
  }

  /** The message goes back, or to where the dead letters are. */
  reject({ deliveryTag }: Delivered, requeue: boolean): void {
    this.#open.delete(deliveryTag);
    if (this.canSend) this.channel.basicNack({ deliveryTag, requeue });
  }

  /** Sends what is due. To be called before the channel is closed in good order. */
  flush = (): void => {
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

  #forget(tag: number): void {
    this.#open.delete(tag);
    this.#finished -= 1;
  }

  #frame(deliveryTag: number, multiple: boolean): void {
    this.beforeSending();
    this.channel.basicAck({ deliveryTag, multiple });
  }
}
