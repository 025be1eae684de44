import { setTimeout as pause } from "node:timers/promises";
import {
  KilonovaError,
  type Listener,
  ok,
  type RequestContext,
  Rpc,
  type RpcHandler,
  refused,
  type Transport,
} from "@kilonova/messaging";
import { interopContract } from "./interop-contract.js";

/** The service of `oslo-server.py` on this framework. */
export async function serveInterop(transport: Transport, topic: string, server: string): Promise<Listener> {
  const remembered = new Map<string, unknown>();
  const handlers: Readonly<Record<string, (context: RequestContext, args: never) => Promise<unknown>>> = {
    echo: async (_, { value }: { value: unknown }) => value,
    add: async (_, { a, b }: { a: number; b: number }) => a + b,
    who_am_i: async (context) => ({ server, user: context.userId ?? null, request: context.requestId }),
    fail: async (_, { message }: { message: string }) => {
      throw new KilonovaError("virt.failed", message, { details: { disk: "vda" } });
    },
    choose: async (_, { from = [] }: { from?: readonly string[] }) =>
      from[0] === undefined ? refused("nothingToChoose", { from: from.length }) : ok(from[0]),
    slow: async (context, { seconds }: { seconds: number }) => {
      await pause(seconds * 1_000, undefined, { signal: context.signal });
      return "done";
    },
    remember: async (_, { key, value }: { key: string; value: unknown }) => void remembered.set(key, value),
    recall: async (_, { key }: { key: string }) => remembered.get(key) ?? null,
  };
  const endpoint = {
    contract: interopContract(topic),
    handlers: new Map<string, RpcHandler>(Object.entries(handlers)),
  };
  return new Rpc(transport).serve({ topic, server }, [endpoint]);
}
