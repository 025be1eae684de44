import { randomUUID } from "node:crypto";
import { KilonovaError } from "./kilonova-error.js";
import { LONGEST_WAIT } from "./request-context.js";
import { type Address, addressText, type CallOptions } from "./transport.js";

/** A call whose answer is waited for. */
export interface PendingCall {
  /** What an answer names it by. */
  readonly id: string;
  readonly answer: Promise<string>;
  /** True once nobody waits any more. */
  readonly gone: boolean;
}

/** A call that nobody has answered yet, and nobody beats for. */
export type SilentCall = Pick<OpenCall, "id" | "address">;

/**
 * The calls of one transport that wait for their answers. For authors of transports: open the call first, then send it,
 * so that no answer can be too fast. Each call ends exactly once: by its answer, its deadline, its caller's abort, or a
 * failure; whatever comes later for it is ignored.
 */
export class PendingCalls {
  readonly #calls = new Map<string, OpenCall>();

  /** Starts the clock of a call. Its `answer` may reject at once, where the caller has given up before. */
  open(address: Address, options: CallOptions): PendingCall {
    // Not to be guessed: who was called once knows where answers go, and could answer for others.
    const call = new OpenCall(randomUUID(), address, options, this.#forget);
    if (!call.gone) this.#calls.set(call.id, call);
    return call;
  }

  answer(id: string, body: string): void {
    this.#calls.get(id)?.succeed(body);
  }

  beat(id: string): void {
    this.#calls.get(id)?.beat();
  }

  fail(id: string, error: Error): void {
    this.#calls.get(id)?.fail(error);
  }

  /** Those of which nothing has been heard for so many milliseconds, or ever. */
  silentFor(milliseconds: number): readonly SilentCall[] {
    const since = performance.now() - milliseconds;
    return [...this.#calls.values()].filter((call) => call.heardAt <= since);
  }

  /** Nobody listens where the call went. */
  failUnheard(id: string): void {
    this.#calls.get(id)?.failUnheard();
  }

  failAll(error: Error): void {
    for (const call of [...this.#calls.values()]) call.fail(error);
  }

  #forget = (id: string): void => {
    this.#calls.delete(id);
  };
}

class OpenCall implements PendingCall {
  readonly id: string;
  readonly answer: Promise<string>;
  readonly address: Address;
  /** When it beat last, by `performance.now()`. */
  heardAt = Number.NEGATIVE_INFINITY;
  readonly #options: CallOptions;
  readonly #forget: (id: string) => void;
  readonly #timer: NodeJS.Timeout;
  #resolve: (body: string) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #gone = false;

  constructor(id: string, address: Address, options: CallOptions, forget: (id: string) => void) {
    this.id = id;
    this.address = address;
    this.#options = options;
    this.#forget = forget;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The one who opened it may still be busy sending when it fails.
    this.answer.catch(() => {});
    this.#timer = setTimeout(this.#expire, Math.min(Math.max(0, options.timeLeft), LONGEST_WAIT));
    if (options.signal?.aborted) this.#cancel();
    else options.signal?.addEventListener("abort", this.#cancel);
  }

  get gone(): boolean {
    return this.#gone;
  }

  succeed(body: string): void {
    this.#end();
    this.#resolve(body);
  }

  fail(error: Error): void {
    this.#end();
    this.#reject(error);
  }

  failUnheard(): void {
    this.fail(new KilonovaError("rpc.noListener", `Nobody listens on ${addressText(this.address)}.`));
  }

  beat(): void {
    this.heardAt = performance.now();
    this.#options.onBeat?.();
  }

  #expire = (): void => {
    const where = addressText(this.address);
    this.fail(new KilonovaError("rpc.deadlineExceeded", `No answer from ${where} before the deadline.`));
  };

  #cancel = (): void => {
    const where = addressText(this.address);
    this.fail(new KilonovaError("rpc.cancelled", `The call to ${where} was given up by its caller.`));
  };

  #end(): void {
    this.#gone = true;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#cancel);
    this.#forget(this.id);
  }
}
