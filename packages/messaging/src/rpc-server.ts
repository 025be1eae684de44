import type { z } from "zod";
import { BEAT_INTERVAL } from "./beat-watch.js";
import { type MethodSpec, type RpcContract, refusalSchema } from "./contract.js";
import type { AnswerEnvelope, EnvelopeCodec, RequestEnvelope } from "./envelope.js";
import type { HOPELESS } from "./hopeless.js";
import { KilonovaError, toWireError } from "./kilonova-error.js";
import type { Ok, RefusalDetails, Refused } from "./outcome.js";
import { type RemoteStacks, stackOf } from "./remote-stacks.js";
import { RequestContext } from "./request-context.js";
import type { RpcObserver } from "./rpc-observer.js";
import { WorkWatch } from "./running-work.js";
import { boundHost, SenderCheck } from "./sender.js";
import type { SinceMarks } from "./since.js";
import type { Delivery, DeliveryHandler, Listener, ListenerAddress, ListenOptions, Transport } from "./transport.js";
import { isCompatible, type Version } from "./version.js";
import type { WireSchemas } from "./wire-schema.js";

/** What a handler may know of the message that it works on. */
export interface IncomingMessage {
  /** Whoever sent it chose it; the same when it is delivered again. */
  readonly id: string;
  readonly kind: Delivery["kind"];
}

/** The function that answers a method, bound and woven. */
export type RpcHandler = (context: RequestContext, args: never, message: IncomingMessage) => Promise<unknown>;

/** A contract and who answers it. Only methods of the contract can be reached. */
export interface RpcEndpoint {
  readonly contract: RpcContract;
  readonly handlers: ReadonlyMap<string, RpcHandler>;
}

/** Milliseconds after which a handler that works on although its caller waits no longer is told of. */
export const OVERRUN = 10_000;
/** Milliseconds after which one is told of that works on something nobody waits for. */
export const LONGEST_WORK = 600_000;

/**
 * Told of each message that is refused and of each handler's failure; the caller gets the error as well, where there is a
 * caller. Told, too, of a handler that works on though it should long have ended: it keeps its slot until it does.
 */
export type FailureObserver = (failure: {
  /** Where it failed. */
  address: ListenerAddress;
  /** Undefined, as is its method, of a message that could not be read. */
  contract: string | undefined;
  method: string | undefined;
  /** Whose request it was; without token and deadline. Nobody's where the message could not be read. */
  context: RequestContext;
  error: unknown;
}) => void;

/** Told of each cast that is given up, and is a dead letter from then on. */
export type DeadCastObserver = (cast: {
  /** Who gave it up. */
  address: ListenerAddress;
  /** Undefined, as are its method and request, of a message that cannot be read. */
  contract: string | undefined;
  method: string | undefined;
  requestId: string | undefined;
  deliveries: number;
  /** Why the last delivery failed. */
  reason: string;
}) => void;

export interface ServerWorld {
  readonly transport: Transport;
  readonly codec: EnvelopeCodec;
  readonly schemas: WireSchemas;
  readonly marks: SinceMarks;
  readonly onFailure?: FailureObserver;
  readonly onDeadCast?: DeadCastObserver;
  readonly stacks?: RemoteStacks;
  readonly observer?: Required<RpcObserver>;
}

/** Listens for the endpoints of one service. */
export function serveRpc(
  world: ServerWorld,
  address: ListenerAddress,
  endpoints: readonly RpcEndpoint[],
  options?: ListenOptions,
): Promise<Listener> {
  const dispatcher = new Dispatcher(world, address, endpoints);
  const handler: DeliveryHandler = (delivery) =>
    delivery.kind === "call" ? dispatcher.answer(delivery) : dispatcher.perform(delivery);
  const { onDeadCast } = world;
  if (!onDeadCast) return world.transport.listen(address, handler, options);
  return world.transport.listen(address, handler, {
    ...options,
    onDeadLetter: ({ body, deliveries, reason }) => {
      const { contract, method, requestId } = dispatcher.titleOf(body);
      onDeadCast({ address, contract, method, requestId, deliveries, reason });
    },
  });
}

interface Target {
  readonly endpoint: RpcEndpoint;
  readonly spec: MethodSpec;
  readonly handler: RpcHandler;
}

class Dispatcher {
  readonly #endpoints: ReadonlyMap<string, RpcEndpoint>;
  readonly #watch = new WorkWatch();
  readonly #senders: SenderCheck;

  constructor(
    private readonly world: ServerWorld,
    private readonly address: ListenerAddress,
    endpoints: readonly RpcEndpoint[],
  ) {
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.contract.name, endpoint]));
    this.#senders = new SenderCheck(world.transport.vouchesForSenders ?? false);
  }

  /** A call is answered, whatever happens. */
  async answer(delivery: Delivery): Promise<string> {
    const beat = setInterval(() => delivery.beat(), BEAT_INTERVAL);
    try {
      return await this.#answered(this.#read(delivery), delivery);
    } catch (error) {
      return this.#failure(error);
    } finally {
      clearInterval(beat);
    }
  }

  #failure(error: unknown): string {
    const wireError = toWireError(error);
    const stack = this.world.stacks?.wanted() ? stackOf(error) : undefined;
    try {
      return this.world.codec.encode({ v: 1, error: { ...wireError, ...(stack === undefined ? {} : { stack }) } });
    } catch {
      // Details that are no JSON, or far too many, must not cost the caller the rest.
      const { code, message } = wireError;
      return this.world.codec.encode({ v: 1, error: { code, message: message.slice(0, 10_000) } });
    }
  }

  /** A cast that fails is rejected, so that it is delivered again, or put aside where nobody can ever understand it. */
  async perform(delivery: Delivery): Promise<undefined> {
    const request = this.#read(delivery);
    const target = this.#target(request, delivery.sender);
    await this.#run(delivery.kind, request, target, performing(request, delivery.sender));
    return undefined;
  }

  /** What a message is about, as far as it can be read. */
  titleOf(body: string): { contract?: string; method?: string; requestId?: string } {
    try {
      const { contract, method, context } = this.world.codec.decodeRequest(body);
      return { contract, method, requestId: context.requestId };
    } catch {
      return {};
    }
  }

  #read({ body }: Delivery): RequestEnvelope {
    try {
      return this.world.codec.decodeRequest(body);
    } catch (error) {
      const context = new RequestContext();
      this.world.onFailure?.({ address: this.address, contract: undefined, method: undefined, context, error });
      throw error;
    }
  }

  async #answered(request: RequestEnvelope, { sender, deadline: known }: Delivery): Promise<string> {
    const target = this.#target(request, sender);
    const named = Date.now() + (request.timeLeft ?? Number.POSITIVE_INFINITY);
    const deadline = Math.min(named, known ?? Number.POSITIVE_INFINITY);
    const limits = deadline === Number.POSITIVE_INFINITY ? { sender } : { deadline, sender };
    const answer = await this.#run("call", request, target, new RequestContext(claimed(request, sender), limits));
    try {
      return this.world.codec.encode(this.#checked(request, target.spec, answer));
    } catch (error) {
      this.#report(request, error);
      throw error;
    }
  }

  #target(request: RequestEnvelope, sender: string | undefined): Target {
    const endpoint = this.#endpoints.get(request.contract);
    if (!endpoint)
      throw this.#refuse(request, "rpc.unknownContract", `contract ${request.contract} is not served here`);
    const { version } = endpoint.contract;
    if (!isCompatible(version, request.version)) {
      throw this.#refuse(
        request,
        "rpc.unsupportedVersion",
        `version ${request.version} is asked for, ${version} is served`,
      );
    }
    const spec = Object.hasOwn(endpoint.contract.methods, request.method)
      ? endpoint.contract.methods[request.method]
      : undefined;
    const handler = endpoint.handlers.get(request.method);
    if (!spec || !handler) throw this.#refuse(request, "rpc.unknownMethod", `there is no method ${request.method}`);
    const offence = this.#senders.offence(endpoint.contract, spec, request.args, sender);
    if (offence) throw this.#refuse(request, "rpc.forbidden", offence);
    const what = `arguments of ${request.contract}.${request.method}`;
    const problem = spec.args
      ? this.world.schemas.strict(spec.args, what)(request.args)
      : Object.keys(request.args).length > 0 && `${what} must be none`;
    if (problem) throw this.#refuse(request, "rpc.badArguments", problem);
    return { endpoint, spec, handler };
  }

  async #run(
    kind: Delivery["kind"],
    request: RequestEnvelope,
    target: Target,
    context: RequestContext,
  ): Promise<unknown> {
    const { id, contract, method, args, carrier = {} } = request;
    const work = async () => {
      context.throwIfExpired();
      return target.handler(context, args as never, { id, kind });
    };
    const message = { kind, address: this.address, contract, method, context };
    const overdueAt = context.deadline === undefined ? Date.now() + LONGEST_WORK : context.deadline + OVERRUN;
    const running = { overdueAt, overdue: () => this.#report(request, overrun(request)) };
    this.#watch.begin(running);
    try {
      return await (this.world.observer ? this.world.observer.handling(message, carrier, work) : work());
    } catch (error) {
      const failure = isTimeUp(context, error) ? tooLate(request) : error;
      this.#report(request, failure);
      throw failure;
    } finally {
      this.#watch.end(running);
    }
  }

  #checked(request: RequestEnvelope, spec: MethodSpec, answer: unknown): AnswerEnvelope {
    const what = `result of ${request.contract}.${request.method}`;
    if (!spec.refusals) return { v: 1, value: this.#value(what, request, spec, answer) };
    const outcome = answer as Ok<unknown> | Refused<RefusalDetails>;
    if (outcome?.ok === true) return { v: 1, value: this.#value(what, request, spec, outcome.value) };
    const details = outcome?.ok === false ? refusalSchema(spec, outcome.refusal) : undefined;
    if (!details || outcome.ok)
      throw new KilonovaError("rpc.badResult", `${what} must be ok(…) or a declared refusal.`);
    const problem = this.world.schemas.strict(details, what)(outcome.details);
    if (problem) throw new KilonovaError("rpc.badResult", `${problem}.`);
    return { v: 1, refusal: outcome.refusal, details: this.#known(request, details, outcome.details) as Details };
  }

  #value(what: string, request: RequestEnvelope, spec: MethodSpec, value: unknown): unknown {
    if (!spec.result) return undefined;
    const problem = this.world.schemas.strict(spec.result, what)(value);
    if (problem) throw new KilonovaError("rpc.badResult", `${problem}.`);
    return this.#known(request, spec.result, value);
  }

  /** What the caller's version of the contract knows of an answer. */
  #known({ contract, knows }: RequestEnvelope, schema: z.ZodType, value: unknown): unknown {
    if (knows === undefined || knows === this.#endpoints.get(contract)?.contract.version) return value;
    return this.world.marks.fit(schema, value, knows as Version).value;
  }

  #refuse(request: RequestEnvelope, code: (typeof HOPELESS)[number], words: string): KilonovaError {
    const error = new KilonovaError(code, `${request.contract}.${request.method}: ${words}.`);
    this.#report(request, error);
    return error;
  }

  #report(request: RequestEnvelope, error: unknown): void {
    const { contract, method } = request;
    const context = performing(request, undefined);
    this.world.onFailure?.({ address: this.address, contract, method, context, error });
  }
}

type Details = Readonly<Record<string, unknown>>;

/** True of what a signal aborts with when its time is up; a timer may be a moment ahead of the clock. */
function isTimeUp(context: RequestContext, error: unknown): boolean {
  return (
    error instanceof Error && error.name === "TimeoutError" && (context.timeLeft() ?? Number.POSITIVE_INFINITY) <= 1
  );
}

function tooLate({ contract, method }: RequestEnvelope): KilonovaError {
  return new KilonovaError("rpc.deadlineExceeded", `${contract}.${method} did not end before the deadline.`);
}

/** It has been running for too long; where and since when its caller has not waited is all that can be said. */
function overrun({ contract, method, timeLeft }: RequestEnvelope): KilonovaError {
  const since =
    timeLeft === undefined
      ? `for more than ${LONGEST_WORK / 60_000} minutes`
      : `though its caller stopped waiting ${OVERRUN / 1_000} s ago`;
  return new KilonovaError(
    "rpc.deadlineExceeded",
    `${contract}.${method} still works ${since}, and keeps a slot of its listener: it must heed its context's signal.`,
  );
}

/** Of a cast: it has no deadline, and no token goes along. */
function performing(request: RequestEnvelope, sender: string | undefined): RequestContext {
  const { token: _never, ...fields } = claimed(request, sender);
  return new RequestContext(fields, { sender });
}

/** Whom a message says it is for. Who is bound to a host is no administrator, whatever it says. */
function claimed({ context }: RequestEnvelope, sender: string | undefined): RequestEnvelope["context"] {
  return boundHost(sender) ? { ...context, isAdmin: false, roles: [] } : context;
}
