import { type Handlers, method, RequestContext, rpcContract } from "@kilonova/messaging";
import { endpoint, type Inbox, inboxOf, Manager, manager, rpcMethod, type Token } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { endpointOf } from "./explorer.js";

const contract = rpcContract("explored", "1.0", {
  greet: method({ args: z.object({ name: z.string() }), result: z.string() }),
  leave: method({}),
});

const MARK = Symbol("mark");

describe("the explorer", () => {
  it("finds the handlers of a contract, those that a base class marks too", async () => {
    @manager(contract)
    class Base extends Manager implements Handlers<typeof contract> {
      @rpcMethod() async greet(_context: RequestContext, { name }: { name: string }) {
        return `hello ${name}`;
      }
      @rpcMethod() async leave() {}
    }
    class Derived extends Base {
      override async greet(context: RequestContext, args: { name: string }) {
        return `${await super.greet(context, args)}!`;
      }
    }
    const found = endpointOf(new Derived());
    expect(found.contract).toBe(contract);
    expect([...found.handlers.keys()]).toEqual(["greet", "leave"]);
    const message = { id: "1", kind: "call" } as const;
    const greet = found.handlers.get("greet");
    expect(await greet?.(new RequestContext(), { name: "you" } as never, message)).toBe("hello you!");
  });

  it("hands what is marked with an inbox to that, by the message's id, and finds it at once or fails", async () => {
    const lines: string[] = [];
    @endpoint(contract)
    class Careful implements Handlers<typeof contract> {
      @rpcMethod() async greet() {
        return "hello";
      }
      @rpcMethod({ inbox: inboxOf("shop") }) async leave(context: RequestContext) {
        lines.push(`leaves with ${context.value(MARK)}`);
      }
    }
    const inbox: Inbox = {
      receive: async (id, context, work) => {
        lines.push(`inbox has ${id}`);
        await work(context.withValue(MARK, "a transaction"));
      },
    };
    const resolve = (token: Token<Inbox>) => {
      if (token === inboxOf("shop")) return inbox;
      throw new Error("no such inbox");
    };
    const found = endpointOf(new Careful(), { resolve });
    await found.handlers.get("leave")?.(new RequestContext(), {} as never, { id: "m1", kind: "cast" });
    expect(lines).toEqual(["inbox has m1", "leaves with a transaction"]);
    expect(() => endpointOf(new Careful())).toThrow("must say where they are");

    @endpoint(contract)
    class Forgetful extends Careful {
      @rpcMethod({ inbox: inboxOf("shop") }) override async greet() {
        return "hello again";
      }
    }
    expect(() => endpointOf(new Forgetful(), { resolve })).toThrow("method greet has an inbox and a result");
  });

  it("names each method that is in the contract alone or marked alone", () => {
    @endpoint(contract)
    class Careless implements Handlers<typeof contract> {
      @rpcMethod() async greet() {
        return "hello";
      }
      async leave() {}
      @rpcMethod() async stay() {}
    }
    expect(() => endpointOf(new Careless())).toThrow(
      "Careless does not answer contract explored: method leave is not marked with @rpcMethod; stay is marked with @rpcMethod but is not in the contract.",
    );
  });

  it("wants a contract", () => {
    class Bare extends Manager {}
    expect(() => endpointOf(new Bare())).toThrow("Bare is not marked with @manager or @endpoint.");
  });
});
