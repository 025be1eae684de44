import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  boundHost,
  boundUser,
  type Delivery,
  type DeliveryHandler,
  isKilonovaError,
  MemoryTransport,
  MemoryWire,
  method,
  RequestContext,
  Rpc,
  type RpcHandler,
  rpcContract,
  type Transport,
} from "./index.js";

const contract = rpcContract("depot", "1.0", {
  stock: method({ fromHost: { argument: "shelf.host" }, args: z.object({ shelf: z.object({ host: z.string() }) }) }),
  look: method({ fromHost: "handler", result: z.object({ sender: z.string(), isAdmin: z.boolean() }) }),
  burn: method({ args: z.object({ all: z.boolean() }) }),
});

/** A depot, and one who asks it as that broker user. */
async function asking(user: string) {
  const wire = new MemoryWire();
  const done: string[] = [];
  const handlers = new Map<string, RpcHandler>([
    ["stock", async () => void done.push("stock")],
    ["burn", async () => void done.push("burn")],
    ["look", async ({ sender, isAdmin }: RequestContext) => ({ sender: sender ?? "nobody", isAdmin })],
  ]);
  await new Rpc(new MemoryTransport(wire, "depot")).serve({ topic: "depot", server: "one" }, [{ contract, handlers }]);
  return { call: new Rpc(new MemoryTransport(wire, user)).client(contract).call, done };
}

const context = RequestContext.admin();

describe("a sender whose broker user is bound to a host", () => {
  it("asks for that host", async () => {
    const { call, done } = await asking(boundUser("compute", "node.1"));
    await call.stock(context, { shelf: { host: "node.1" } });
    expect(done).toEqual(["stock"]);
  });

  it.each(["node", "node.2", "", "compute.node.1"])("is refused what is asked for host %j", async (host) => {
    const { call, done } = await asking("compute.node.1");
    await expect(call.stock(context, { shelf: { host } })).rejects.toMatchObject({ code: "rpc.forbidden" });
    expect(done).toEqual([]);
  });

  it("is refused what its contract lets no host ask", async () => {
    const { call, done } = await asking("compute.node.1");
    await expect(call.burn(context, { all: true })).rejects.toMatchObject({ code: "rpc.forbidden" });
    expect(done).toEqual([]);
  });

  it("is known to the handler, and no administrator, whatever it says", async () => {
    const { call } = await asking("compute.node.1");
    expect(await call.look(context)).toEqual({ sender: "compute.node.1", isAdmin: false });
  });
});

describe("a sender whose broker user is bound to none", () => {
  it("asks for everything", async () => {
    const { call, done } = await asking("api");
    await call.stock(context, { shelf: { host: "node.1" } });
    await call.burn(context, { all: true });
    expect(done).toEqual(["stock", "burn"]);
    expect(await call.look(context)).toEqual({ sender: "api", isAdmin: true });
  });
});

describe("a message that does not say who sent it", () => {
  /** Over a transport that loses the sender's name. */
  async function asked(vouchesForSenders: boolean) {
    const wire = new MemoryWire();
    const inner = new MemoryTransport(wire);
    const nameless = (handler: DeliveryHandler): DeliveryHandler => {
      return ({ sender: _lost, ...delivery }: Delivery) => handler(delivery);
    };
    const transport: Transport = {
      connect: () => inner.connect(),
      listen: (address, handler, options) => inner.listen(address, nameless(handler), options),
      call: (address, body, options) => inner.call(address, body, options),
      cast: (address, body) => inner.cast(address, body),
      fanout: (topic, body) => inner.fanout(topic, body),
      close: () => inner.close(),
      vouchesForSenders,
    };
    const handlers = new Map([["look", async () => ({ sender: "nobody", isAdmin: false })]]);
    await new Rpc(transport).serve({ topic: "depot", server: "one" }, [{ contract, handlers }]);
    return new Rpc(transport)
      .client(contract)
      .call.look(context)
      .catch((error: unknown) => error);
  }

  it("is refused where the broker vouches for senders", async () => {
    expect(isKilonovaError(await asked(true), "rpc.forbidden")).toBe(true);
  });

  it("is taken where it cannot", async () => {
    expect(await asked(false)).toEqual({ sender: "nobody", isAdmin: false });
  });
});

describe("a broker user", () => {
  it.each([
    ["compute.node1", { topic: "compute", host: "node1" }],
    ["compute.node1.example.org", { topic: "compute", host: "node1.example.org" }],
    ["compute", undefined],
    ["compute.", undefined],
    [".node1", undefined],
    [undefined, undefined],
  ])("%j is bound to %j", (user, bound) => {
    expect(boundHost(user)).toEqual(bound);
  });
});

describe("a contract", () => {
  it("names by fromHost an argument that its method has", () => {
    const wrong = { stock: method({ fromHost: { argument: "shelf.hots" }, args: z.object({ shelf: z.object({}) }) }) };
    expect(() => rpcContract("depot", "1.0", wrong)).toThrow(/depot\.stock names by fromHost/);
  });
});
