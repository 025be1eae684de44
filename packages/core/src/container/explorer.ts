import { KilonovaError, type RpcContract, type RpcEndpoint, type RpcHandler } from "@kilonova/messaging";
import { type Constructor, contractOf, rpcMethodsOf } from "@kilonova/plugin-api";

/**
 * What an object answers: its contract and its marked methods, checked in both directions.
 *
 * @throws KilonovaError `contract.invalid` where a method of the contract is not marked, or a marked one is not in it
 */
export function endpointOf(object: object): RpcEndpoint {
  const type = object.constructor as Constructor;
  const contract = contractOf(type);
  if (!contract) throw new KilonovaError("contract.invalid", `${type.name} is not marked with @manager or @endpoint.`);
  const marked = rpcMethodsOf(type);
  const problems = [...missing(contract, marked), ...surplus(contract, marked)];
  if (problems.length > 0) {
    throw new KilonovaError(
      "contract.invalid",
      `${type.name} does not answer contract ${contract.name}: ${problems.join("; ")}.`,
    );
  }
  const handlers = Object.keys(contract.methods).map((method) => [method, handlerOf(object, method)] as const);
  return { contract, handlers: new Map(handlers) };
}

function missing(contract: RpcContract, marked: ReadonlySet<string>): readonly string[] {
  return Object.keys(contract.methods)
    .filter((method) => !marked.has(method))
    .map((method) => `method ${method} is not marked with @rpcMethod`);
}

function surplus(contract: RpcContract, marked: ReadonlySet<string>): readonly string[] {
  return [...marked]
    .filter((method) => !Object.hasOwn(contract.methods, method))
    .map((method) => `${method} is marked with @rpcMethod but is not in the contract`);
}

/** Looked up at each call, so that what is woven in later is called as well. */
function handlerOf(object: object, method: string): RpcHandler {
  const methods = object as Record<string, RpcHandler>;
  return (context, args) => {
    const handler = methods[method];
    if (!handler) throw new KilonovaError("internal", `method ${method} has vanished`);
    return handler.call(object, context, args);
  };
}
