import type { RpcContract } from "./contract.js";
import { EnvelopeCodec } from "./envelope.js";
import type { RemoteStacks } from "./remote-stacks.js";
import type { RequestContext } from "./request-context.js";
import { type ClientWorld, type PrepareOptions, type RpcClient, rpcClient } from "./rpc-client.js";
import { allObservers, type RpcObserver } from "./rpc-observer.js";
import {
  type DeadCastObserver,
  type FailureObserver,
  type RpcEndpoint,
  type ServerWorld,
  serveRpc,
} from "./rpc-server.js";
import { SinceMarks } from "./since.js";
import type { Listener, ListenerAddress, ListenOptions, Transport } from "./transport.js";
import {
  type UntypedCallOptions,
  type UntypedMessage,
  type UntypedOptions,
  type UntypedOutcome,
  untypedCall,
  untypedCast,
} from "./untyped-call.js";
import type { VersionPins } from "./version-pins.js";
import { WireSchemas } from "./wire-schema.js";

/** What a process has done with its messages beside sending and answering them. */
export interface RpcSettings {
  readonly onFailure?: FailureObserver;
  /** They stand round each message, the first outermost. */
  readonly observers?: readonly RpcObserver[];
  readonly onDeadCast?: DeadCastObserver;
  /** Without them no stack crosses the wire. */
  readonly stacks?: RemoteStacks;
  /** How new the messages of typed clients may be. */
  readonly pins?: VersionPins;
}

/**
 * Remote procedure calls over a transport: typed clients on one side, endpoints on the other. One per process.
 */
export class Rpc {
  readonly #world: ClientWorld & ServerWorld;

  constructor(transport: Transport, settings: RpcSettings = {}) {
    const { onFailure, onDeadCast, stacks, observers = [], pins } = settings;
    const observer = allObservers(observers);
    this.#world = {
      transport,
      codec: new EnvelopeCodec(),
      schemas: new WireSchemas(),
      marks: new SinceMarks(),
      ...(pins ? { pins } : {}),
      ...(observer ? { observer } : {}),
      ...(onFailure ? { onFailure } : {}),
      ...(stacks ? { stacks } : {}),
      ...(onDeadCast ? { onDeadCast } : {}),
    };
  }

  /** A client for a contract: `rpc.client(exampleContract).call.greet(context, { name })`. */
  client<Contract extends RpcContract>(contract: Contract, options?: PrepareOptions): RpcClient<Contract> {
    return rpcClient(this.#world, contract, options);
  }

  /**
   * Calls a method by its name, for a service whose contract is not here:
   * `rpc.call(context, "bakery", { method: "bake", args: { loaves: 2 } })`. Deadline, errors and observers are those of a
   * typed call; the arguments are checked by whoever answers, the outcome by nobody.
   *
   * @throws KilonovaError `rpc.*`, `transport.*`, and whatever the other side throws
   */
  call(
    context: RequestContext,
    topic: string,
    message: UntypedMessage,
    options: UntypedCallOptions = {},
  ): Promise<UntypedOutcome> {
    return untypedCall(this.#world, context, topic, message, options);
  }

  /** Casts by name, as {@link call} calls: resolves when the broker has the message. */
  cast(context: RequestContext, topic: string, message: UntypedMessage, options: UntypedOptions = {}): Promise<void> {
    return untypedCast(this.#world, "cast", context, topic, message, options);
  }

  /** Reaches everyone who listens on the topic now, by name. */
  fanout(
    context: RequestContext,
    topic: string,
    message: UntypedMessage,
    options: Omit<UntypedOptions, "server"> = {},
  ): Promise<void> {
    return untypedCast(this.#world, "fanout", context, topic, message, options);
  }

  /** Answers the methods of the endpoints' contracts until the listener is stopped. */
  serve(address: ListenerAddress, endpoints: readonly RpcEndpoint[], options?: ListenOptions): Promise<Listener> {
    return serveRpc(this.#world, address, endpoints, options);
  }
}
