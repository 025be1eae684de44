import { randomUUID } from "node:crypto";
import { milliseconds } from "@kilonova/config";
import type { z } from "zod";
import {
  type Args,
  argumentSchema,
  argumentSince,
  type MethodName,
  type MethodSpec,
  type Result,
  type RpcContract,
  refusalSchema,
} from "./contract.js";
import type { AnswerEnvelope, EnvelopeCodec, RequestEnvelope } from "./envelope.js";
import { fromWireError, isKilonovaError, KilonovaError } from "./kilonova-error.js";
import { ok, refused } from "./outcome.js";
import type { RequestContext } from "./request-context.js";
import type { Carrier, RpcObserver } from "./rpc-observer.js";
import type { Address, Delivery, Transport } from "./transport.js";
import { higherVersion, isCompatible, type Version } from "./version.js";
import type { WireSchemas } from "./wire-schema.js";

/** How long a call may take where neither the caller nor the contract says. */
export const DEFAULT_DEADLINE = 60_000;
/** Who works on a long call beats this often. */
export const BEAT_INTERVAL = 10_000;
/** A long call whose peer was silent for so long is given up. */
export const BEAT_TIMEOUT = 30_000;

/** Where and how the next calls go. */
export interface PrepareOptions {
  /** The host that is to answer; without it, any one of the topic. */
  readonly server?: string;
  /** Milliseconds a call may take, unless the context's deadline is sooner. */
  readonly timeout?: number;
  /** Nothing newer than this version is sent. */
  readonly versionCap?: Version;
}

/** A client typed from its contract: one function per method, each way of sending. */
export interface RpcClient<Contract extends RpcContract> {
  /** A client for the same contract that goes elsewhere, or waits otherwise. */
  prepare(options: PrepareOptions): RpcClient<Contract>;
  /** False where the cap forbids what came with that version. */
  canSendVersion(version: Version): boolean;
  /** Waits for the answer. At most once. */
  readonly call: CallMethods<Contract>;
  /** Resolves when the broker has the message. At least once; only methods without a result. */
  readonly cast: CastMethods<Contract>;
  /** Reaches everyone who listens on the topic now. */
  readonly fanout: CastMethods<Contract>;
}

export type CallMethods<Contract extends RpcContract> = {
  readonly [Method in MethodName<Contract>]: (
    context: RequestContext,
    ...args: OptionalArgs<Args<Contract, Method>>
  ) => Promise<Result<Contract, Method>>;
};

export type CastMethods<Contract extends RpcContract> = {
  readonly [Method in MethodName<Contract> as Contract["methods"][Method] extends { readonly result: z.ZodType }
    ? never
    : Method]: (context: RequestContext, ...args: OptionalArgs<Args<Contract, Method>>) => Promise<void>;
};

/** No argument object need be given where the method has no arguments. */
type OptionalArgs<Arguments> = keyof Arguments extends never ? [args?: Arguments] : [args: Arguments];

/** What a client needs of the process it is in. */
export interface ClientWorld {
  readonly transport: Transport;
  readonly codec: EnvelopeCodec;
  readonly schemas: WireSchemas;
  readonly observer?: Required<RpcObserver>;
}

type Arguments = Readonly<Record<string, unknown>>;
type Sender = (context: RequestContext, args?: Arguments) => Promise<unknown>;

/** Makes the client of a contract. Services get theirs from {@link Rpc.client}. */
export function rpcClient<Contract extends RpcContract>(
  world: ClientWorld,
  contract: Contract,
  options: PrepareOptions = {},
): RpcClient<Contract> {
  const sender = new ContractSender(world, contract, options);
  const methods = Object.keys(contract.methods);
  const table = (make: (method: string) => Sender) => Object.fromEntries(methods.map((name) => [name, make(name)]));
  return {
    prepare: (changes) => rpcClient(world, contract, { ...options, ...changes }),
    canSendVersion: (version) => isCompatible(options.versionCap ?? contract.version, version),
    // The three tables are built from the same keys that the types are computed from.
    call: table((name) => (context, args) => sender.call(name, context, args)) as unknown as CallMethods<Contract>,
    cast: table((name) => (context, args) => sender.cast(name, context, args)) as unknown as CastMethods<Contract>,
    fanout: table((name) => (context, args) => sender.fanout(name, context, args)) as unknown as CastMethods<Contract>,
  };
}

/** What goes along with the arguments of a message. */
interface Along {
  readonly context: RequestEnvelope["context"];
  readonly carrier: Carrier | undefined;
  readonly timeLeft?: number;
}

class ContractSender {
  readonly #address: Address;

  constructor(
    private readonly world: ClientWorld,
    private readonly contract: RpcContract,
    private readonly options: PrepareOptions,
  ) {
    this.#address = { topic: contract.topic, ...(options.server === undefined ? {} : { server: options.server }) };
  }

  async call(method: string, context: RequestContext, args: Arguments = {}): Promise<unknown> {
    const spec = this.#spec(method);
    context.throwIfExpired();
    return this.#observed("call", method, context, (carrier) => this.#callOnce(method, spec, context, args, carrier));
  }

  async cast(method: string, context: RequestContext, args: Arguments = {}): Promise<void> {
    const spec = this.#spec(method);
    return this.#observed("cast", method, context, (carrier) => {
      const body = this.#encode(method, spec, args, { context: context.fields(), carrier });
      return this.world.transport.cast(this.#address, body);
    });
  }

  async fanout(method: string, context: RequestContext, args: Arguments = {}): Promise<void> {
    const spec = this.#spec(method);
    return this.#observed("fanout", method, context, (carrier) => {
      const body = this.#encode(method, spec, args, { context: context.fields(), carrier });
      return this.world.transport.fanout(this.contract.topic, body);
    });
  }

  async #observed<Answer>(
    kind: Delivery["kind"],
    method: string,
    context: RequestContext,
    send: (carrier: Carrier | undefined) => Promise<Answer>,
  ): Promise<Answer> {
    if (!this.world.observer) return send(undefined);
    const message = { kind, address: this.#address, contract: this.contract.name, method, context };
    return this.world.observer.sending(message, send);
  }

  async #callOnce(
    method: string,
    spec: MethodSpec,
    context: RequestContext,
    args: Arguments,
    carrier: Carrier | undefined,
  ): Promise<unknown> {
    const timeLeft = this.#timeLeft(spec, context);
    const token = context.token();
    const fields = token === undefined ? context.fields() : { ...context.fields(), token };
    const body = this.#encode(method, spec, args, { context: fields, carrier, timeLeft });
    const watch = spec.long ? new BeatWatch(`${this.contract.name}.${method}`) : undefined;
    const signal = earliest(context.callerSignal, watch?.signal);
    try {
      const answer = await this.world.transport.call(this.#address, body, {
        timeLeft,
        ...(signal ? { signal } : {}),
        ...(watch ? { onBeat: () => watch.beat() } : {}),
      });
      return this.#read(method, spec, this.world.codec.decodeAnswer(answer));
    } catch (error) {
      throw watch?.verdict() ?? this.#expired(method, context, error) ?? error;
    } finally {
      watch?.end();
    }
  }

  /** A caller's time limit reaches the transport as an abort: to the caller it is a deadline all the same. */
  #expired(method: string, { callerSignal }: RequestContext, error: unknown): KilonovaError | undefined {
    if (!isKilonovaError(error, "rpc.cancelled") || callerSignal?.reason?.name !== "TimeoutError") return undefined;
    return new KilonovaError(
      "rpc.deadlineExceeded",
      `No answer to ${this.contract.name}.${method} before the deadline.`,
    );
  }

  #spec(method: string): MethodSpec {
    const spec = Object.hasOwn(this.contract.methods, method) ? this.contract.methods[method] : undefined;
    if (!spec) throw new KilonovaError("rpc.unknownMethod", `Contract ${this.contract.name} has no method ${method}.`);
    return spec;
  }

  #timeLeft(spec: MethodSpec, context: RequestContext): number {
    const own = this.options.timeout ?? (spec.deadline === undefined ? DEFAULT_DEADLINE : milliseconds(spec.deadline));
    return Math.min(own, context.timeLeft() ?? Number.POSITIVE_INFINITY);
  }

  #encode(method: string, spec: MethodSpec, args: Arguments, { context, carrier, timeLeft }: Along): string {
    const { version, args: sent } = this.#capped(method, spec, args);
    this.#checkArguments(method, spec, sent);
    return this.world.codec.encode({
      v: 1,
      id: randomUUID(),
      contract: this.contract.name,
      version,
      method,
      args: sent,
      context,
      ...(timeLeft === undefined ? {} : { timeLeft: Math.ceil(timeLeft) }),
      ...(carrier === undefined ? {} : { carrier }),
    });
  }

  /** Optional arguments newer than the cap are left out, what cannot be left out is refused. */
  #capped(method: string, spec: MethodSpec, args: Arguments) {
    const cap = this.options.versionCap ?? this.contract.version;
    const [major] = this.contract.version.split(".");
    let version = spec.since ?? (`${major}.0` as Version);
    if (!isCompatible(cap, version)) throw this.#newerThan(cap, `method ${method}`, version);
    const sent: [name: string, value: unknown][] = [];
    for (const [name, value] of Object.entries(args)) {
      if (value === undefined) continue;
      const schema = argumentSchema(spec, name);
      const came = schema && argumentSince(schema);
      if (came && !isCompatible(cap, came)) {
        if (schema.safeParse(undefined).success) continue;
        throw this.#newerThan(cap, `argument ${name} of ${method}`, came);
      }
      if (came) version = higherVersion(version, came);
      sent.push([name, value]);
    }
    return { version, args: Object.fromEntries(sent) };
  }

  #newerThan(cap: Version, what: string, version: Version): KilonovaError {
    return new KilonovaError(
      "rpc.versionCapped",
      `${this.contract.name}: ${what} came with version ${version}, no more than ${cap} may be sent.`,
    );
  }

  #checkArguments(method: string, spec: MethodSpec, args: Arguments): void {
    const what = `arguments of ${this.contract.name}.${method}`;
    const problem = spec.args
      ? this.world.schemas.strict(spec.args, what)(args)
      : Object.keys(args).length > 0 && `${what} must be none`;
    if (problem) throw new KilonovaError("rpc.badArguments", `${problem}.`);
  }

  #read(method: string, spec: MethodSpec, answer: AnswerEnvelope): unknown {
    if (answer.error) throw fromWireError(answer.error);
    const what = `result of ${this.contract.name}.${method}`;
    if (answer.refusal !== undefined) {
      const schema = refusalSchema(spec, answer.refusal);
      const { details = {} } = answer;
      const problem = schema
        ? this.world.schemas.open(schema, what)(details)
        : `${what}: no refusal "${answer.refusal}"`;
      if (problem) throw new KilonovaError("rpc.badResult", `${problem}.`);
      return refused(answer.refusal, details);
    }
    const value = spec.result ? answer.value : undefined;
    const problem = spec.result && this.world.schemas.open(spec.result, what)(value);
    if (problem) throw new KilonovaError("rpc.badResult", `${problem}.`);
    return spec.refusals ? ok(value) : value;
  }
}

/** One signal for two, of which either may be missing. */
function earliest(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : (one ?? other);
}

/** Gives a long call up when its peer falls silent. */
class BeatWatch {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;

  constructor(private readonly what: string) {
    this.#timer = this.#arm();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  beat(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#arm();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  verdict(): KilonovaError | undefined {
    if (!this.signal.aborted) return undefined;
    return new KilonovaError(
      "rpc.peerLost",
      `${this.what}: whoever worked on it has been silent for ${BEAT_TIMEOUT / 1_000} s.`,
    );
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(), BEAT_TIMEOUT);
  }
}
