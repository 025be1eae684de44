import type { RpcContract } from "./contract.js";
import { EnvelopeCodec } from "./envelope.js";
import { type PrepareOptions, type RpcClient, rpcClient } from "./rpc-client.js";
import { type FailureObserver, type RpcEndpoint, serveRpc } from "./rpc-server.js";
import type { Listener, ListenerAddress, ListenOptions, Transport } from "./transport.js";
import { WireSchemas } from "./wire-schema.js";

/**
 * Remote procedure calls over a transport: typed clients on one side, endpoints on the other. One per process.
 */
export class Rpc {
  readonly #codec = new EnvelopeCodec();
  readonly #schemas = new WireSchemas();

  constructor(
    private readonly transport: Transport,
    private readonly onFailure?: FailureObserver,
  ) {}

  /** A client for a contract: `rpc.client(exampleContract).call.greet(context, { name })`. */
  client<Contract extends RpcContract>(contract: Contract, options?: PrepareOptions): RpcClient<Contract> {
    return rpcClient({ transport: this.transport, codec: this.#codec, schemas: this.#schemas }, contract, options);
  }

  /** Answers the methods of the endpoints' contracts until the listener is stopped. */
  serve(address: ListenerAddress, endpoints: readonly RpcEndpoint[], options?: ListenOptions): Promise<Listener> {
    const world = {
      transport: this.transport,
      codec: this.#codec,
      schemas: this.#schemas,
      ...(this.onFailure ? { onFailure: this.onFailure } : {}),
    };
    return serveRpc(world, address, endpoints, options);
  }
}
