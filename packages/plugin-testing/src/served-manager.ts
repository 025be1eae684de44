import { MemoryTransport, Rpc, type RpcContract, type RpcEndpoint, type RpcHandler } from "@kilonova/messaging";
import { type Constructor, contractOf, rpcMethodsOf } from "@kilonova/plugin-api";

/** A manager that is called as other services call it: over a transport, arguments and results checked by its contract. */
export class ServedManager {
  readonly #transport = new MemoryTransport();
  /** Makes clients for its contracts. */
  readonly rpc = new Rpc(this.#transport);

  private constructor() {}

  /**
   * @param objects the manager and its additional endpoints
   * @param onCall told of each call that reaches one of them, as `<contract>.<method>`
   */
  static async serve(objects: readonly object[], onCall: (method: string) => void = () => {}): Promise<ServedManager> {
    const served = new ServedManager();
    const endpoints = objects.map((object) => endpointOf(object, onCall));
    const topics = new Set(endpoints.map(({ contract }) => contract.topic));
    for (const topic of topics) {
      const here = endpoints.filter(({ contract }) => contract.topic === topic);
      await served.rpc.serve({ topic, server: "host1" }, here);
    }
    return served;
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }
}

function endpointOf(object: object, onCall: (method: string) => void): RpcEndpoint {
  const type = object.constructor as Constructor;
  const contract: RpcContract | undefined = contractOf(type);
  if (!contract) throw new TypeError(`${type.name} is not marked with @manager or @endpoint.`);
  const methods = object as Record<string, RpcHandler>;
  const handlers = [...rpcMethodsOf(type)].map((name): [string, RpcHandler] => [
    name,
    async (context, args, message) => {
      onCall(`${contract.name}.${name}`);
      return methods[name]?.call(object, context, args, message);
    },
  ]);
  return { contract, handlers: new Map(handlers) };
}
