import { type Handlers, method, RequestContext, rpcContract } from "@kilonova/messaging";
import { endpoint, Manager, manager, rpcMethod } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { endpointOf } from "./explorer.js";

const contract = rpcContract("explored", "1.0", {
  greet: method({ args: z.object({ name: z.string() }), result: z.string() }),
  leave: method({}),
});

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
    expect(await found.handlers.get("greet")?.(new RequestContext(), { name: "you" } as never)).toBe("hello you!");
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
