import { type Address, type CallOptions, isErrorCode, KilonovaError, PendingCalls } from "@kilonova/messaging";
import { closed, unreachable } from "./broker-error.js";
import type { TransportPostgresOptions } from "./options.js";
import { answerChannelOf, queueName } from "./queue-name.js";
import { Rounds } from "./rounds.js";
import type { Session } from "./session.js";
import { ABANDON_CALLS, SEND_CALLS, TAKE_ANSWERS } from "./statements.js";
import type { Store } from "./store.js";

/** Answers that one round trip takes at most. */
const MOST_ANSWERS = 64;
/** Milliseconds between two looks whether those who should answer are still there. */
const WATCH_EVERY = 1_000;

interface AskedCall {
  readonly id: string;
  readonly queue: string;
  readonly deadline: number;
  readonly body: Buffer;
}

interface AnswerRow {
  readonly number: string;
  readonly call: string;
  readonly type: string;
  readonly code: string;
  readonly body: Buffer;
}

/** The calls of a process, and their answers. */
export class CallLine {
  readonly #calls = new PendingCalls();
  readonly #sent = new Set<string>();
  readonly #rounds = new Rounds<AskedCall, ReadonlySet<string>>((calls) => this.#send(calls));
  #watch: NodeJS.Timeout | undefined;
  #isTaking = false;
  #isMoreThere = false;
  #stopHearing: (() => void) | undefined;

  constructor(
    private readonly session: Session,
    private readonly store: Store,
    private readonly options: TransportPostgresOptions,
  ) {}

  /** Hears the answers to the session that there is now. Again for each session. */
  async open(): Promise<void> {
    this.#stopHearing?.();
    const session = await this.session.ready(this.options.sendTimeout);
    this.#stopHearing = await this.session.hear(answerChannelOf(session), () => void this.#takeAnswers());
    this.#watch ??= setInterval(() => void this.#look(), WATCH_EVERY).unref();
  }

  async call(address: Address, body: string, options: CallOptions): Promise<string> {
    const queue = queueName(address);
    const deadline = Date.now() + options.timeLeft;
    const call = this.#calls.open(address, options);
    const send = async () => {
      await this.session.ready(this.options.sendTimeout);
      if (call.gone) return;
      const unheard = await this.#rounds.add({ id: call.id, queue, deadline, body: Buffer.from(body) });
      if (unheard.has(call.id)) this.#calls.failUnheard(call.id);
      else if (!call.gone) this.#sent.add(call.id);
    };
    send().catch((error: Error) => this.#calls.fail(call.id, error));
    try {
      return await call.answer;
    } finally {
      this.#sent.delete(call.id);
    }
  }

  failAll(error: Error): void {
    this.#calls.failAll(error);
  }

  close(): void {
    clearInterval(this.#watch);
    this.#calls.failAll(closed());
  }

  /** Once: a call that may have arrived is not sent again. */
  async #send(calls: readonly AskedCall[]): Promise<ReadonlySet<string>> {
    const session = this.session.id;
    if (session === undefined) throw unreachable(this.options.url, "the connection was lost before a call was sent");
    const now = Date.now();
    const rows = await this.store.once<{ id: string }>("a call", SEND_CALLS, [
      session,
      calls.map(({ id }) => id),
      calls.map(({ queue }) => queue),
      calls.map(({ deadline }) => deadline - now),
      calls.map(({ body }) => body),
    ]);
    return new Set(rows.map(({ id }) => id));
  }

  async #takeAnswers(): Promise<void> {
    this.#isMoreThere = true;
    if (this.#isTaking) return;
    this.#isTaking = true;
    try {
      while (this.#isMoreThere && this.session.id !== undefined) {
        this.#isMoreThere = false;
        const rows = await this.store.once<AnswerRow>("answers", TAKE_ANSWERS, [this.session.id, MOST_ANSWERS]);
        this.#isMoreThere ||= rows.length === MOST_ANSWERS;
        for (const row of rows.sort((one, other) => Number(one.number) - Number(other.number))) this.#receive(row);
      }
    } catch {
      // The next look tries again; without a connection the calls have failed.
    } finally {
      this.#isTaking = false;
    }
  }

  #receive({ call, type, code, body }: AnswerRow): void {
    if (type === "beat") this.#calls.beat(call);
    else if (type === "answer") this.#calls.answer(call, body.toString());
    else this.#calls.fail(call, new KilonovaError(isErrorCode(code) ? code : "rpc.failed", body.toString()));
  }

  /** A listener that died tells nobody; a notification is lost with nobody told. */
  async #look(): Promise<void> {
    if (this.#sent.size === 0 || this.session.id === undefined) return;
    void this.#takeAnswers();
    const lost = await this.store
      .once<{ id: string; unheard: boolean }>("a look at calls", ABANDON_CALLS, [[...this.#sent]])
      .catch(() => []);
    for (const { id, unheard } of lost) {
      if (unheard) this.#calls.failUnheard(id);
      else this.#calls.fail(id, new KilonovaError("rpc.peerLost", "Whoever took the call is gone."));
    }
  }
}
