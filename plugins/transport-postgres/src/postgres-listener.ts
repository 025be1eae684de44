import { randomUUID } from "node:crypto";
import {
  DELIVERY_LIMIT,
  type DeadLetterObserver,
  type DeliveryHandler,
  isHopeless,
  isKilonovaError,
  type Listener,
  type ListenerAddress,
  messageOf,
  reasonText,
  redeliveryPause,
} from "@kilonova/messaging";
import type { AnswerLine } from "./answer-line.js";
import type { CastLine } from "./cast-line.js";
import { channelOf, queueName } from "./queue-name.js";
import type { Session } from "./session.js";
import { ADD_LISTENER, FAIL_CAST, READ_FANOUT, REMOVE_LISTENER, TAKE_CALLS, TAKE_CASTS } from "./statements.js";
import type { Store } from "./store.js";

/** What one round trip takes at most: few, so that others of the topic get their share. */
const MOST_TAKEN = 4;

/** What a listener needs of its transport. */
export interface ListenerWorld {
  readonly session: Session;
  readonly store: Store;
  readonly answers: AnswerLine;
  readonly casts: CastLine;
  readonly onDeadLetter: DeadLetterObserver | undefined;
}

interface TakenCall {
  readonly id: string;
  readonly caller: number;
  readonly body: Buffer;
  /** Milliseconds, by the database's clock. */
  readonly timeLeft: number;
}

interface TakenCast {
  readonly id: string;
  readonly body: Buffer;
  readonly deliveries: number;
}

type Kind = "call" | "cast";

/** Takes from the queues of a listener, as much as it may work on, whenever a notification says that there is something. */
export class PostgresListener implements Listener {
  readonly queues: readonly string[];
  readonly #id = randomUUID();
  readonly #wanted = new Set<Kind>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopHearing: (() => void)[] = [];
  #taking: Promise<void> | undefined;
  #free: number;
  #isEnding = false;

  constructor(
    readonly address: ListenerAddress,
    private readonly handler: DeliveryHandler,
    concurrency: number,
    private readonly world: ListenerWorld,
    private readonly leave: () => void,
  ) {
    this.#free = concurrency;
    this.queues = [queueName({ topic: address.topic }), queueName(address)];
  }

  /** Listens; again for each session. */
  async open(): Promise<void> {
    if (this.#stopHearing.length === 0) {
      for (const queue of this.queues) {
        this.#stopHearing.push(await this.world.session.hear(channelOf(queue), (payload) => this.#hear(payload)));
      }
    }
    await this.reopen();
  }

  /** Listens under the session that there is now. */
  async reopen(): Promise<void> {
    if (this.#isEnding) return;
    await this.world.session.run(ADD_LISTENER, [this.#id, this.queues]);
    this.#want("call", "cast");
  }

  async stop(): Promise<void> {
    this.close();
    await this.world.store.untilDone("the end of a listener", REMOVE_LISTENER, [this.#id, this.queues]).catch(() => {});
    await this.#taking;
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  close(): void {
    this.#isEnding = true;
    this.leave();
    for (const stop of this.#stopHearing.splice(0)) stop();
  }

  #hear(payload: string): void {
    if (payload === "call" || payload === "cast") this.#want(payload);
    const [, id] = /^fanout (\d+)$/.exec(payload) ?? [];
    if (id !== undefined) void this.#hearFanout(id);
  }

  #want(...kinds: readonly Kind[]): void {
    for (const kind of kinds) this.#wanted.add(kind);
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
      if (this.#free > 0 && this.#wanted.size > 0 && !this.#isEnding) this.#want();
    });
  }

  async #take(): Promise<void> {
    while (!this.#isEnding && this.#free > 0 && this.#wanted.size > 0) {
      const session = this.world.session.id;
      // Whoever comes back looks at all queues anew.
      if (session === undefined) return this.#wanted.clear();
      for (const kind of [...this.#wanted]) {
        const most = Math.min(MOST_TAKEN, this.#free);
        if (most === 0) break;
        this.#wanted.delete(kind);
        // After a failure the next notification, or the sweep, says again that there is something.
        const taken = await this.#takeSome(kind, session, most).catch(() => 0);
        if (taken === most) this.#wanted.add(kind);
      }
    }
  }

  async #takeSome(kind: Kind, session: number, most: number): Promise<number> {
    const values = [this.queues, session, most];
    if (kind === "call") {
      const calls = await this.world.store.once<TakenCall>("calls", TAKE_CALLS, values);
      for (const call of calls) this.#start(this.#answer(call));
      return calls.length;
    }
    const casts = await this.#orGiveUp(session, this.world.store.once<TakenCast>("casts", TAKE_CASTS, values));
    for (const cast of casts) this.#start(this.#perform(cast, session));
    return casts.length;
  }

  #start(work: Promise<void>): void {
    this.#free -= 1;
    const running = work
      .catch(() => {})
      .finally(() => {
        this.#free += 1;
        this.#running.delete(running);
        if (this.#wanted.size > 0) this.#want();
      });
    this.#running.add(running);
  }

  async #answer({ id, caller, body, timeLeft }: TakenCall): Promise<void> {
    const { answers } = this.world;
    const deadline = Date.now() + timeLeft;
    const beat = () => void answers.send({ session: caller, call: id, type: "beat" });
    try {
      const answer = await this.handler({ kind: "call", body: body.toString(), redelivered: false, deadline, beat });
      await answers.send({ session: caller, call: id, type: "answer", text: answer ?? "" });
    } catch (error) {
      await answers.send({ session: caller, call: id, type: "failure", code: "rpc.failed", text: messageOf(error) });
    }
  }

  /** No transaction is open while it works: that the session is alive is what keeps the cast from others. */
  async #perform({ id, body, deliveries }: TakenCast, session: number): Promise<void> {
    try {
      await this.handler({ kind: "cast", body: body.toString(), redelivered: deliveries > 1, beat: () => {} });
    } catch (error) {
      return this.#fail({ id, body, deliveries }, session, error);
    }
    await this.#orGiveUp(session, this.world.casts.finish(id, session));
  }

  /**
   * Whatever was lost on the way may have been done: casts may be this session's without anybody here working on them. They
   * would be so for as long as it lives.
   */
  async #orGiveUp<Value>(session: number, asked: Promise<Value>): Promise<Value> {
    return asked.catch((error: unknown) => {
      if (isKilonovaError(error, "transport.unreachable")) this.world.session.giveUp(session);
      throw error;
    });
  }

  async #fail({ id, body, deliveries }: TakenCast, session: number, error: unknown): Promise<void> {
    // PostgreSQL keeps no zero in a text.
    const reason = reasonText(error).replaceAll("\0", "");
    const pause = redeliveryPause(deliveries);
    const limit = isHopeless(error) ? deliveries : DELIVERY_LIMIT;
    const values = [id, session, reason, pause, limit];
    await this.#orGiveUp(session, this.world.store.untilDone("the failure of a cast", FAIL_CAST, values));
    if (deliveries < limit) setTimeout(() => this.#want("cast"), pause).unref();
    else this.world.onDeadLetter?.({ deliveries, reason, body: body.toString() });
  }

  async #hearFanout(id: string): Promise<void> {
    const rows = await this.world.store.once<{ body: Buffer }>("a fanout", READ_FANOUT, [id]).catch(() => []);
    for (const { body } of rows) {
      if (this.#isEnding) return;
      await this.handler({ kind: "fanout", body: body.toString(), redelivered: false, beat: () => {} }).catch(() => {});
    }
  }
}
