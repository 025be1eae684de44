import { BEAT_INTERVAL, type DeliveryHandler, messageOf } from "@kilonova/messaging";
import type { AsyncMessage } from "rabbitmq-client";
import type { Acknowledgements } from "./acknowledgements.js";
import { type Answer, type AnswerableCall, bodyOf, canBeAnswered } from "./answer.js";
import type { AnswerLine } from "./answer-line.js";
import type { Slots } from "./slots.js";

/**
 * Milliseconds that a call stays unacknowledged at most: RabbitMQ closes the channel on which something is so for half an
 * hour. What takes longer is a long call, whose caller would miss its beats.
 */
const HELD_AT_MOST = 60_000;

type CallAcknowledgements = Pick<Acknowledgements, "acknowledge" | "canSend">;

/** A call that was taken and is not answered. */
interface OpenCall {
  readonly acks: CallAcknowledgements;
  readonly takenAt: number;
  readonly deadline: number;
  isWaiting: boolean;
}

/** The calls of a listener, each begun at most once. */
export class CallWork {
  readonly #open = new Map<AnswerableCall, OpenCall>();
  readonly #timer = setInterval(() => this.#tick(), BEAT_INTERVAL).unref();
  #isLeaving = false;

  constructor(
    private readonly handler: DeliveryHandler,
    private readonly slots: Slots,
    private readonly answers: Pick<AnswerLine, "send">,
  ) {}

  /** Tells all whose calls are not answered yet that somebody is there. */
  beat(): void {
    for (const message of this.#open.keys()) this.#beat(message);
  }

  /** The same, and of each call that still comes. */
  leave(): void {
    this.#isLeaving = true;
    this.beat();
  }

  /** Nothing is taken any more, and nothing that was taken is waited for. */
  end(): void {
    clearInterval(this.#timer);
  }

  /**
   * A call is acknowledged when it has been answered. Until then RabbitMQ gives it to another listener where this one dies;
   * since it may have been begun, that one does not touch it, and tells its caller.
   *
   * What nobody can be answered is no call, however it came into the queue: a cast, or a fanout, that was led there.
   */
  async answer(acks: CallAcknowledgements, message: AsyncMessage): Promise<void> {
    if (!canBeAnswered(message)) return acks.acknowledge(message);
    if (message.redelivered) {
      acks.acknowledge(message);
      return this.#lost(message);
    }
    const takenAt = Date.now();
    const deadline = takenAt + Number(message.expiration ?? Number.POSITIVE_INFINITY);
    const call = { acks, takenAt, deadline, isWaiting: true };
    this.#open.set(message, call);
    if (this.#isLeaving) this.#beat(message);
    if (!this.slots.takeFree()) await this.#turn(message);
    call.isWaiting = false;
    try {
      // Where the channel is gone whoever has it now, if anybody, has it for the second time.
      if (!acks.canSend) return await this.#lost(message);
      if (Date.now() < deadline) await this.answers.send(message, await this.#answerTo(message, deadline));
    } finally {
      this.slots.give();
      this.#open.delete(message);
      acks.acknowledge(message);
    }
  }

  /** Who works on a call beats from then on; while it waits for its turn, nobody else does. */
  #tick(): void {
    const now = Date.now();
    for (const [message, { acks, takenAt, deadline, isWaiting }] of this.#open) {
      if (isWaiting && now < deadline) this.#beat(message);
      if (now >= deadline || now - takenAt > HELD_AT_MOST) acks.acknowledge(message);
    }
  }

  async #turn(message: AnswerableCall): Promise<void> {
    await this.slots.take();
    this.#beat(message);
  }

  async #answerTo(message: AnswerableCall, deadline: number): Promise<Answer> {
    try {
      const answer = await this.handler({
        kind: "call",
        body: bodyOf(message),
        redelivered: false,
        deadline,
        sender: message.userId,
        beat: () => this.#beat(message),
      });
      return { type: "answer", body: answer ?? "" };
    } catch (error) {
      return { type: "failure", code: "rpc.failed", message: messageOf(error) };
    }
  }

  #beat(message: AnswerableCall): void {
    void this.answers.send(message, { type: "beat" });
  }

  #lost(message: AnswerableCall): Promise<void> {
    const words = "Whoever took the call is gone, and may have begun to work on it.";
    return this.answers.send(message, { type: "failure", code: "rpc.peerLost", message: words });
  }
}
