import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { type Args, type Handlers, isRpcContract, method, type Result, rpcContract } from "./contract.js";
import type { Outcome } from "./outcome.js";
import { ok, refused } from "./outcome.js";
import type { RequestContext } from "./request-context.js";
import type { RpcClient } from "./rpc-client.js";
import { since } from "./since.js";
import { type Example, exampleContract } from "./testing/example.js";

describe("the types of a contract", () => {
  it("are precise for arguments and results", () => {
    expectTypeOf<Args<Example, "greet">>().toEqualTypeOf<{ name: string }>();
    expectTypeOf<Args<Example, "rename">>().toEqualTypeOf<{ name: string; tags?: string[] | undefined }>();
    expectTypeOf<Args<Example, "forget">>().toEqualTypeOf<Readonly<Record<never, never>>>();
    expectTypeOf<Result<Example, "greet">>().toEqualTypeOf<string>();
    expectTypeOf<Result<Example, "forget">>().toEqualTypeOf<void>();
    expectTypeOf<Result<Example, "rename">>().toEqualTypeOf<Outcome<void, { readonly nameTaken: { name: string } }>>();
  });

  it("make a caller look at refusals", () => {
    const look = (renamed: Result<Example, "rename">) => {
      if (renamed.ok) return undefined;
      expectTypeOf(renamed.refusal).toEqualTypeOf<"nameTaken">();
      return renamed.details.name;
    };
    expect(look(refused("nameTaken", { name: "x" }))).toBe("x");
    expect(look(ok())).toBeUndefined();
  });

  it("let a client call and cast what the contract has, and no more", () => {
    type Client = RpcClient<Example>;
    expectTypeOf<Client["call"]["greet"]>().parameters.toEqualTypeOf<[RequestContext, { name: string }]>();
    expectTypeOf<Client["call"]["greet"]>().returns.toEqualTypeOf<Promise<string>>();
    expectTypeOf<Client["call"]["forget"]>().toBeCallableWith({} as RequestContext);
    expectTypeOf<keyof Client["call"]>().toEqualTypeOf<"greet" | "rename" | "count" | "forget" | "merge">();
    // What answers can't be cast.
    expectTypeOf<keyof Client["cast"]>().toEqualTypeOf<"rename" | "forget">();
  });

  it("refuse a class that does not fit", () => {
    class Fits implements Handlers<Example> {
      async greet(_context: RequestContext, args: Args<Example, "greet">): Promise<string> {
        return args.name;
      }
      async rename(_context: RequestContext, args: Args<Example, "rename">): Promise<Result<Example, "rename">> {
        return args.name === "taken" ? refused("nameTaken", { name: args.name }) : ok();
      }
      async count(): Promise<number> {
        return 0;
      }
      async forget(): Promise<void> {}
      async merge(): Promise<string> {
        return "";
      }
    }
    expect(new Fits()).toBeDefined();

    type Greet = Pick<Handlers<Example>, "greet">;
    class WrongResult implements Greet {
      // @ts-expect-error a number is no string
      async greet(_context: RequestContext, args: Args<Example, "greet">): Promise<number> {
        return args.name.length;
      }
    }
    class WrongArguments implements Greet {
      // @ts-expect-error there is no argument `title`
      async greet(_context: RequestContext, args: { title: string }): Promise<string> {
        return args.title;
      }
    }
    // @ts-expect-error nothing answers `greet`
    class Missing implements Greet {}
    class WrongRefusal implements Pick<Handlers<Example>, "rename"> {
      // @ts-expect-error `nameTooLong` is not declared
      async rename() {
        return refused("nameTooLong", { name: "x" });
      }
    }
    expect([WrongResult, WrongArguments, Missing, WrongRefusal]).toHaveLength(4);
  });
});

describe("rpcContract", () => {
  const empty = {};

  it("makes a frozen value that any copy of the package knows", () => {
    expect(isRpcContract(exampleContract)).toBe(true);
    expect(isRpcContract({ ...exampleContract })).toBe(true);
    expect(isRpcContract({ name: "example" })).toBe(false);
    expect(isRpcContract(null)).toBe(false);
    expect(Object.isFrozen(exampleContract)).toBe(true);
    expect(exampleContract.topic).toBe("example");
    expect(rpcContract("computeTask", "1.0", empty, { topic: "conductor" }).topic).toBe("conductor");
  });

  it("refuses what claims to be newer than the contract, inside and around optional", () => {
    const invalid = expect.objectContaining({ code: "contract.invalid" });
    const declare = (spec: Parameters<typeof method>[0]) => () => rpcContract("x", "1.1", { act: method(spec) });
    expect(declare({ since: "1.2" })).toThrow(invalid);
    expect(declare({ since: "2.0" })).toThrow(invalid);
    expect(declare({ args: z.object({ a: since("1.2", z.string().optional()) }) })).toThrow(invalid);
    expect(declare({ args: z.object({ a: since("1.2", z.string()).optional() }) })).toThrow(invalid);
    expect(declare({ since: "1.1", args: z.object({ a: since("1.1", z.string()).optional() }) })).not.toThrow();
  });

  it.each(["", "Compute", "a.b", "__proto__", "über", "x".repeat(64)])("refuses %j as a name", (name) => {
    const invalid = expect.objectContaining({ code: "contract.invalid" });
    expect(() => rpcContract(name, "1.0", empty)).toThrow(invalid);
    expect(() => rpcContract("x", "1.0", empty, { topic: name })).toThrow(invalid);
    expect(() => rpcContract("x", "1.0", Object.fromEntries([[name, method({})]]))).toThrow(invalid);
  });

  it.each(["constructor", "toString", "hasOwnProperty"])("refuses a method named %s", (name) => {
    expect(() => rpcContract("x", "1.0", { [name]: method({}) })).toThrow(/a name is a lower-case letter/);
  });

  it("refuses schemas that the wire cannot carry, in arguments, results and refusals", () => {
    const date = z.object({ at: z.date() });
    expect(() => rpcContract("x", "1.0", { act: method({ args: date }) })).toThrow(
      "arguments of x.act: no wire schema",
    );
    expect(() => rpcContract("x", "1.0", { act: method({ result: date }) })).toThrow("result of x.act: no wire schema");
    expect(() => rpcContract("x", "1.0", { act: method({ refusals: { no: date } }) })).toThrow("refusal no of x.act");
  });
});
