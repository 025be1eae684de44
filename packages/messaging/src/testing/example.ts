import { z } from "zod";
import { method, rpcContract } from "../contract.js";
import { MemoryTransport } from "../memory-transport.js";
import { MemoryWire } from "../memory-wire.js";
import { Rpc, type RpcSettings } from "../rpc.js";
import type { RpcHandler } from "../rpc-server.js";
import { since } from "../since.js";
import type { Listener } from "../transport.js";

/** A contract with one of everything. */
export const exampleContract = rpcContract("example", "1.2", {
  greet: method({ args: z.object({ name: z.string() }), result: z.string(), deadline: "10s" }),
  rename: method({
    args: z.object({ name: z.string(), tags: since("1.1", z.array(z.string()).optional()) }),
    refusals: { nameTaken: z.object({ name: z.string() }) },
  }),
  count: method({ args: z.object({ of: since("1.1", z.string()) }), result: z.int() }),
  forget: method({}),
  merge: method({ since: "1.2", long: true, result: z.string() }),
});

export type Example = typeof exampleContract;

/** Two processes at one wire: one that answers with the handlers, one that asks. */
export async function exampleWorld(
  handlers: Readonly<Record<string, (context: never, args: never, message: never) => Promise<unknown>>>,
  settings: { readonly server?: RpcSettings; readonly client?: RpcSettings } = {},
) {
  const wire = new MemoryWire();
  const transport = new MemoryTransport(wire);
  const server = new Rpc(new MemoryTransport(wire), settings.server);
  const endpoint = { contract: exampleContract, handlers: new Map(Object.entries(handlers) as [string, RpcHandler][]) };
  const listener: Listener = await server.serve({ topic: "example", server: "one" }, [endpoint]);
  return { wire, transport, listener, client: new Rpc(transport, settings.client).client(exampleContract) };
}
