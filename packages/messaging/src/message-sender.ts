import { randomUUID } from "node:crypto";
import { BeatWatch } from "./beat-watch.js";
import type { AnswerEnvelope, EnvelopeCodec, RequestEnvelope } from "./envelope.js";
import { isKilonovaError, KilonovaError } from "./kilonova-error.js";
import type { RemoteStacks } from "./remote-stacks.js";
import type { RequestContext } from "./request-context.js";
import type { Carrier, RpcObserver } from "./rpc-observer.js";
import type { Address, Delivery, Transport } from "./transport.js";

/** What sending needs of the process it is in. */
export interface SenderWorld {
  readonly transport: Transport;
  readonly codec: EnvelopeCodec;
  readonly observer?: Required<RpcObserver>;
  readonly stacks?: RemoteStacks;
}

export type Arguments = Readonly<Record<string, unknown>>;

/** What a message says beside who sends it and for whom. */
export interface Wording {
  /** The lowest version of the contract that understands it. */
  readonly version: string;
  /** The version of the contract that the sender knows. */
  readonly knows?: string;
  readonly args: Arguments;
}

/** Words a message; observers see it fail where it cannot be. */
export type Words = () => Wording | Promise<Wording>;

/** A call, and how its answer is read. */
export interface CallRequest<Answer> {
  readonly words: Words;
  /** Milliseconds until its caller stops waiting, unless the context's deadline is sooner. */
  readonly timeout: number;
  /** Who works on it beats; it is given up when the beats stop. */
  readonly long?: boolean;
  read(answer: AnswerEnvelope): Answer;
}

/** Sends the messages of one contract to one address. Typed clients and the untyped door stand on it. */
export class MessageSender {
  constructor(
    private readonly world: SenderWorld,
    private readonly address: Address,
    private readonly contract: string,
  ) {}

  /** @throws KilonovaError `rpc.*`, `transport.*`, and what `words` and `read` throw */
  async call<Answer>(method: string, context: RequestContext, request: CallRequest<Answer>): Promise<Answer> {
    context.throwIfExpired();
    return this.#observed("call", method, context, (carrier) => this.#callOnce(method, context, request, carrier));
  }

  async cast(method: string, context: RequestContext, words: Words): Promise<void> {
    return this.#observed("cast", method, context, async (carrier) => {
      const body = this.#encode(method, await words(), { context: context.fields(), carrier });
      return this.world.transport.cast(this.address, body);
    });
  }

  async fanout(method: string, context: RequestContext, words: Words): Promise<void> {
    return this.#observed("fanout", method, context, async (carrier) => {
      const body = this.#encode(method, await words(), { context: context.fields(), carrier });
      return this.world.transport.fanout(this.address.topic, body);
    });
  }

  #observed<Answer>(
    kind: Delivery["kind"],
    method: string,
    context: RequestContext,
    send: (carrier: Carrier | undefined) => Promise<Answer>,
  ): Promise<Answer> {
    if (!this.world.observer) return send(undefined);
    const message = { kind, address: this.address, contract: this.contract, method, context };
    return this.world.observer.sending(message, send);
  }

  async #callOnce<Answer>(
    method: string,
    context: RequestContext,
    { words, timeout, long = false, read }: CallRequest<Answer>,
    carrier: Carrier | undefined,
  ): Promise<Answer> {
    const worded = words();
    const isWorded = !(worded instanceof Promise);
    const until = isWorded ? 0 : Date.now() + timeout;
    const wording = isWorded ? worded : await worded;
    const left = isWorded ? timeout : Math.max(0, until - Date.now());
    const timeLeft = Math.min(left, context.timeLeft() ?? Number.POSITIVE_INFINITY);
    const token = context.token();
    const fields = token === undefined ? context.fields() : { ...context.fields(), token };
    const body = this.#encode(method, wording, { context: fields, carrier, timeLeft });
    const watch = long ? new BeatWatch(`${this.contract}.${method}`) : undefined;
    const signal = earliest(context.callerSignal, watch?.signal);
    try {
      const answer = await this.world.transport.call(this.address, body, {
        timeLeft,
        ...(signal ? { signal } : {}),
        ...(watch ? { onBeat: () => watch.beat() } : {}),
      });
      const decoded = this.world.codec.decodeAnswer(answer);
      if (decoded.error?.stack !== undefined) this.#tellStack(method, context, decoded.error.stack);
      return read(decoded);
    } catch (error) {
      throw watch?.verdict() ?? this.#expired(method, context, error) ?? error;
    } finally {
      watch?.end();
    }
  }

  #tellStack(method: string, { requestId }: RequestContext, stack: string): void {
    const { stacks } = this.world;
    if (stacks?.wanted()) stacks.onStack({ contract: this.contract, method, requestId, stack });
  }

  /** A caller's time limit reaches the transport as an abort: to the caller it is a deadline all the same. */
  #expired(method: string, { callerSignal }: RequestContext, error: unknown): KilonovaError | undefined {
    if (!isKilonovaError(error, "rpc.cancelled") || callerSignal?.reason?.name !== "TimeoutError") return undefined;
    return new KilonovaError("rpc.deadlineExceeded", `No answer to ${this.contract}.${method} before the deadline.`);
  }

  #encode(method: string, { version, knows, args }: Wording, { context, carrier, timeLeft }: Along): string {
    return this.world.codec.encode({
      v: 1,
      id: randomUUID(),
      contract: this.contract,
      version,
      ...(knows === undefined ? {} : { knows }),
      method,
      args,
      context,
      ...(timeLeft === undefined ? {} : { timeLeft: Math.ceil(timeLeft) }),
      ...(carrier === undefined ? {} : { carrier }),
    });
  }
}

/** What goes along with the words of a message. */
interface Along {
  readonly context: RequestEnvelope["context"];
  readonly carrier: Carrier | undefined;
  readonly timeLeft?: number;
}

/** One signal for two, of which either may be missing. */
function earliest(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : (one ?? other);
}
