import {
  KilonovaError,
  type RequestContext,
  type RpcContract,
  type RpcEndpoint,
  type RpcHandler,
} from "@kilonova/messaging";
import { type Constructor, contractOf, type Inbox, rpcInboxesOf, rpcMethodsOf, type Token } from "@kilonova/plugin-api";

/** Where the inboxes of a process are found, by their tokens. */
export interface Inboxes {
  resolve(token: Token<Inbox>): Inbox;
}

type Method = (context: RequestContext, args: never) => Promise<unknown>;

/**
 * What an object answers: its contract and its marked methods, checked in both directions.
 *
 * @param inboxes needed only where a method has one
 * @throws KilonovaError `contract.invalid` where a method of the contract is not marked, or a marked one is not in it, or
 *   one with a result has an inbox; what `inboxes` throws for one that it does not have
 */
export function endpointOf(object: object, inboxes?: Inboxes): RpcEndpoint {
  const type = object.constructor as Constructor;
  const contract = contractOf(type);
  if (!contract) throw new KilonovaError("contract.invalid", `${type.name} is not marked with @manager or @endpoint.`);
  const marked = rpcMethodsOf(type);
  const inboxTokens = rpcInboxesOf(type);
  const problems = [
    ...missing(contract, marked),
    ...surplus(contract, marked),
    ...answering(contract, [...inboxTokens.keys()]),
  ];
  if (problems.length > 0) {
    throw new KilonovaError(
      "contract.invalid",
      `${type.name} does not answer contract ${contract.name}: ${problems.join("; ")}.`,
    );
  }
  const handlers = Object.keys(contract.methods).map((method): [string, RpcHandler] => {
    const token = inboxTokens.get(method);
    const handler = handlerOf(object, method);
    return [method, token ? withInbox(inboxOfProcess(inboxes, token), handler) : handler];
  });
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

/** An answer that was given is not there any more when the message comes again. */
function answering(contract: RpcContract, withInbox: readonly string[]): readonly string[] {
  return withInbox
    .filter((method) => contract.methods[method]?.result)
    .map((method) => `method ${method} has an inbox and a result`);
}

function inboxOfProcess(inboxes: Inboxes | undefined, token: Token<Inbox>): Inbox {
  if (inboxes) return inboxes.resolve(token);
  throw new KilonovaError("internal", "whoever serves methods with inboxes must say where they are");
}

/** Outermost: of a message that comes again, hooks and locks hear nothing. */
function withInbox(inbox: Inbox, handler: RpcHandler): RpcHandler {
  return (context, args, message) => inbox.receive(message.id, context, (within) => handler(within, args, message));
}

/** Looked up at each call, so that what is woven in later is called as well. */
function handlerOf(object: object, method: string): RpcHandler {
  const methods = object as Record<string, Method>;
  return (context, args) => {
    const handler = methods[method];
    if (!handler) throw new KilonovaError("internal", `method ${method} has vanished`);
    return handler.call(object, context, args);
  };
}
