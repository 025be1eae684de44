import { milliseconds } from "@kilonova/config";
import type { z } from "zod";
import {
  type Args,
  type MethodName,
  type MethodSpec,
  type Result,
  type RpcContract,
  refusalSchema,
} from "./contract.js";
import type { AnswerEnvelope } from "./envelope.js";
import { fromWireError, KilonovaError } from "./kilonova-error.js";
import { type Arguments, MessageSender, type SenderWorld, type Wording } from "./message-sender.js";
import { ok, refused } from "./outcome.js";
import type { RequestContext } from "./request-context.js";
import type { SinceMarks } from "./since.js";
import { higherVersion, isCompatible, lowestVersion, type Version } from "./version.js";
import type { VersionPins } from "./version-pins.js";
import type { WireSchemas } from "./wire-schema.js";

/** How long a call may take where neither the caller nor the contract says. */
export const DEFAULT_DEADLINE = 60_000;
/** Where and how the next calls go. */
export interface PrepareOptions {
  /** The host that is to answer; without it, any one of the topic. */
  readonly server?: string;
  /** Milliseconds a call may take, unless the context's deadline is sooner. */
  readonly timeout?: number;
  /** Nothing newer than this version is sent, nor than an operator's pin. */
  readonly versionCap?: Version;
}

/** A client typed from its contract: one function per method, each way of sending. */
export interface RpcClient<Contract extends RpcContract> {
  /** A client for the same contract that goes elsewhere, or waits otherwise. */
  prepare(options: PrepareOptions): RpcClient<Contract>;
  /**
   * False where the cap or an operator's pin forbids what came with that version. A promise: the pin `auto` is found out
   * when it is first needed.
   */
  canSendVersion(version: Version): Promise<boolean>;
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
export interface ClientWorld extends SenderWorld {
  readonly schemas: WireSchemas;
  readonly marks: SinceMarks;
  readonly pins?: VersionPins;
}

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
    canSendVersion: async (version) => isCompatible(await sender.cap(), version),
    // The three tables are built from the same keys that the types are computed from.
    call: table((name) => (context, args) => sender.call(name, context, args)) as unknown as CallMethods<Contract>,
    cast: table((name) => (context, args) => sender.cast(name, context, args)) as unknown as CastMethods<Contract>,
    fanout: table((name) => (context, args) => sender.fanout(name, context, args)) as unknown as CastMethods<Contract>,
  };
}

class ContractSender {
  readonly #sender: MessageSender;

  constructor(
    private readonly world: ClientWorld,
    private readonly contract: RpcContract,
    private readonly options: PrepareOptions,
  ) {
    const { topic, name } = contract;
    const { server } = options;
    this.#sender = new MessageSender(world, { topic, ...(server === undefined ? {} : { server }) }, name);
  }

  async call(method: string, context: RequestContext, args: Arguments = {}): Promise<unknown> {
    const spec = this.#spec(method);
    return this.#sender.call(method, context, {
      words: () => this.#words(method, spec, context, args),
      timeout: this.options.timeout ?? (spec.deadline === undefined ? DEFAULT_DEADLINE : milliseconds(spec.deadline)),
      long: spec.long ?? false,
      read: (answer) => this.#read(method, spec, answer),
    });
  }

  async cast(method: string, context: RequestContext, args: Arguments = {}): Promise<void> {
    const spec = this.#spec(method);
    return this.#sender.cast(method, context, () => this.#words(method, spec, context, args));
  }

  async fanout(method: string, context: RequestContext, args: Arguments = {}): Promise<void> {
    const spec = this.#spec(method);
    return this.#sender.fanout(method, context, () => this.#words(method, spec, context, args));
  }

  /** The newest version that may be sent. */
  cap(): Version | Promise<Version> {
    const { versionCap } = this.options;
    const own = versionCap === undefined ? this.contract.version : lowestVersion(this.contract.version, versionCap);
    const pin = this.world.pins?.pinOf(this.contract);
    if (pin === undefined) return own;
    if (typeof pin === "string") return lowestVersion(own, pin);
    return pin.then((found) => (found === undefined ? own : lowestVersion(own, found)));
  }

  #spec(method: string): MethodSpec {
    const spec = Object.hasOwn(this.contract.methods, method) ? this.contract.methods[method] : undefined;
    if (!spec) throw new KilonovaError("rpc.unknownMethod", `Contract ${this.contract.name} has no method ${method}.`);
    return spec;
  }

  #words(method: string, spec: MethodSpec, context: RequestContext, args: Arguments): Wording | Promise<Wording> {
    const cap = this.cap();
    if (typeof cap === "string") return this.#wordsBelow(cap, method, spec, args);
    return heedful(cap, context).then((found) => this.#wordsBelow(found, method, spec, args));
  }

  /** Optional arguments newer than the cap are left out, what cannot be left out is refused. */
  #wordsBelow(cap: Version, method: string, spec: MethodSpec, args: Arguments): Wording {
    const { name, version: own } = this.contract;
    const came = spec.since ?? (`${own.slice(0, own.indexOf("."))}.0` as Version);
    if (!isCompatible(cap, came)) throw this.#newerThan(cap, `method ${method}`, came);
    const { value, newest, missing } = this.#fitted(spec, args, cap);
    if (missing) throw this.#newerThan(cap, `argument ${missing.path} of ${method}`, missing.since);
    this.#checkArguments(`arguments of ${name}.${method}`, spec, value);
    const answers = spec.result !== undefined || spec.refusals !== undefined;
    return {
      version: newest ? higherVersion(came, newest) : came,
      ...(answers ? { knows: own } : {}),
      args: value,
    };
  }

  #fitted(spec: MethodSpec, args: Arguments, cap: Version) {
    if (!spec.args) return { value: args, newest: undefined, missing: undefined };
    const { value, newest, missing } = this.world.marks.fit(spec.args, args, cap);
    return { value: value as Arguments, newest, missing };
  }

  #newerThan(cap: Version, what: string, version: Version): KilonovaError {
    return new KilonovaError(
      "rpc.versionCapped",
      `${this.contract.name}: ${what} came with version ${version}, no more than ${cap} may be sent.`,
    );
  }

  #checkArguments(what: string, spec: MethodSpec, args: Arguments): void {
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

/** Waits no longer than the request does. */
async function heedful<Value>(waited: Promise<Value>, context: RequestContext): Promise<Value> {
  const { signal } = context;
  let leave = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    leave = () => reject(new KilonovaError("rpc.cancelled", `${context.requestId} was given up before it was sent.`));
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave);
  });
  try {
    return await Promise.race([waited, givenUp]);
  } catch (error) {
    context.throwIfExpired();
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
