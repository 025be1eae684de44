import type { RpcContract } from "./contract.js";
import { EnvelopeCodec } from "./envelope.js";
import { type ClientWorld, type PrepareOptions, type RpcClient, rpcClient } from "./rpc-client.js";
import { allObservers, type RpcObserver } from "./rpc-observer.js";
import { type FailureObserver, type RpcEndpoint, type ServerWorld, serveRpc } from "./rpc-server.js";
import type { Listener, ListenerAddress, ListenOptions, Transport } from "./transport.js";
import { WireSchemas } from "./wire-schema.js";

/** What a process has done with its messages beside sending and answering them. */
export interface RpcSettings {
  readonly onFailure?: FailureObserver;
  /** They stand round each message, the first outermost. */
  readonly observers?: readonly RpcObserver[];
}

/**
 * Remote procedure calls over a transport: typed clients on one side, endpoints on the other. One per process.
 */
export class Rpc {
  readonly #world: ClientWorld & ServerWorld;

  constructor(transport: Transport, settings: RpcSettings = {}) {
    const { onFailure, observers = [] } = settings;
    const observer = allObservers(observers);
    this.#world = {
      transport,
      codec: new EnvelopeCodec(),
      schemas: new WireSchemas(),
      ...(observer ? { observer } : {}),
      ...(onFailure ? { onFailure } : {}),
    };
  }

  /** A client for a contract: `rpc.client(exampleContract).call.greet(context, { name })`. */
  client<Contract extends RpcContract>(contract: Contract, options?: PrepareOptions): RpcClient<Contract> {
    return rpcClient(this.#world, contract, options);
  }

  /** Answers the methods of the endpoints' contracts until the listener is stopped. */
  serve(address: ListenerAddress, endpoints: readonly RpcEndpoint[], options?: ListenOptions): Promise<Listener> {
    return serveRpc(this.#world, address, endpoints, options);
  }
}
