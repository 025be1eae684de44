import {
  type Handlers,
  isKilonovaError,
  MemoryTransport,
  method,
  RequestContext,
  Rpc,
  rpcContract,
} from "@kilonova/messaging";
import { hook, Manager, manager, rpcMethod, silentLogger, synchronized } from "@kilonova/plugin-api";
import { FakeClock } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { endpointOf } from "./container/explorer.js";
import { Hooks } from "./hooks/hooks.js";
import { memoryState } from "./state/memory-state.js";
import { Gate } from "./testing/gate.js";
import { Weaver } from "./weaver.js";

const contract = rpcContract("woven", "1.2", {
  rename: method({ args: z.object({ name: z.string() }), result: z.string() }),
  renameTwice: method({ args: z.object({ name: z.string() }), result: z.string() }),
});
type Name = { readonly name: string };

const seen: string[] = [];

@manager(contract)
class Woven extends Manager implements Handlers<typeof contract> {
  @rpcMethod()
  @hook("woven.rename", { amendable: ["name"] })
  @synchronized((_, { name }: Name) => `rename-${name}`)
  async rename(_context: RequestContext, { name }: Name) {
    seen.push(`method ${name}`);
    return name;
  }

  @rpcMethod()
  async renameTwice(context: RequestContext, { name }: Name) {
    return `${await this.rename(context, { name })} ${await this.rename(context, { name })}`;
  }

  @hook("woven.pair")
  async pair(_context: RequestContext, one: string, other: string) {
    return `${one} ${other}`;
  }

  @synchronized("everything", { across: "cluster" })
  async across(_context: RequestContext, work: () => Promise<void>) {
    await work();
  }
}

function world() {
  seen.length = 0;
  const clock = new FakeClock();
  const { locks } = memoryState(clock);
  const spied = {
    ...locks,
    acquire: (...args: Parameters<typeof locks.acquire>) => {
      seen.push(`acquire ${args[0]}`);
      return locks.acquire(...args);
    },
  };
  const hooks = new Hooks(silentLogger);
  return { hooks, weaver: new Weaver({ hooks, clock, locks: () => spied }) };
}

const watch = (hooks: Hooks, point: string) =>
  hooks.enter("watch", { point }, async () => ({
    pre: ({ payload }) => void seen.push(`pre ${point} ${JSON.stringify(payload)}`),
    post: () => void seen.push(`post ${point}`),
  }));

const context = RequestContext.admin();

describe("a hook that enters when an object with its point is made already", () => {
  it("is refused where it would never run, and welcome where there are hooks", () => {
    const { hooks, weaver } = world();
    watch(hooks, "woven.rename");
    weaver.weave(new Woven());
    watch(hooks, "woven.rename");
    watch(hooks, "another.point");
    let thrown: unknown;
    try {
      watch(hooks, "woven.pair");
    } catch (error) {
      thrown = error;
    }
    expect(isKilonovaError(thrown, "internal") && thrown.message).toBe(
      "Hook watch enters woven.pair too late: an object that has the point is made already, and nothing would run there. Enter hooks before services are started.",
    );
  });
});

describe("a woven object", () => {
  it("passes hook, lock and method in this order, exactly once, by a call from inside and by RPC", async () => {
    const { hooks, weaver } = world();
    watch(hooks, "woven.rename");
    const object = new Woven();
    weaver.weave(object);
    weaver.weave(object);
    const once = ['pre woven.rename {"name":"a"}', "method a", "post woven.rename"];

    await object.rename(context, { name: "a" });
    expect(seen).toEqual(once);

    seen.length = 0;
    const rpc = new Rpc(new MemoryTransport());
    await rpc.serve({ topic: "woven", server: "here" }, [endpointOf(object)]);
    const { call } = rpc.client(contract);
    expect(await call.rename(context, { name: "a" })).toBe("a");
    expect(seen).toEqual(once);

    seen.length = 0;
    expect(await call.renameTwice(context, { name: "a" })).toBe("a a");
    expect(seen).toEqual([...once, ...once]);
  });

  it("runs its hooks outside the lock: what a hook changes decides which lock is taken", async () => {
    const { hooks, weaver } = world();
    hooks.enter("amend", { point: "woven.rename" }, async () => ({ pre: () => ({ amend: { name: "b" } }) }));
    const object = new Woven();
    weaver.weave(object);
    const gate = new Gate();
    class Slow extends Woven {
      override async rename(given: RequestContext, args: Name) {
        seen.push(`in ${args.name}`);
        await gate.promise;
        return super.rename(given, args);
      }
    }
    const slow = new Slow();
    weaver.weave(slow);
    const holding = slow.rename(context, { name: "a" });
    const waiting = object.rename(context, { name: "c" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(["in b"]);
    gate.resolve();
    expect(await Promise.all([holding, waiting])).toEqual(["b", "b"]);
  });

  it("is woven once where a method overrides a marked one and calls it", async () => {
    const { hooks, weaver } = world();
    watch(hooks, "woven.rename");
    class Derived extends Woven {
      override async rename(given: RequestContext, args: Name) {
        return `derived ${await super.rename(given, args)}`;
      }
    }
    const object = new Derived();
    weaver.weave(object);
    expect(await object.rename(context, { name: "a" })).toBe("derived a");
    expect(seen).toEqual(['pre woven.rename {"name":"a"}', "method a", "post woven.rename"]);
  });

  it("has every RPC method for a point, and other marked ones with all their arguments", async () => {
    const { hooks, weaver } = world();
    watch(hooks, "woven.renameTwice");
    watch(hooks, "woven.pair");
    const object = new Woven();
    weaver.weave(object);
    await object.renameTwice(context, { name: "a" });
    expect(await object.pair(context, "x", "y")).toBe("x y");
    expect(seen).toEqual([
      'pre woven.renameTwice {"name":"a"}',
      "method a",
      "method a",
      "post woven.renameTwice",
      'pre woven.pair ["x","y"]',
      "post woven.pair",
    ]);
  });

  it("is not touched where nobody entered and nothing is locked", () => {
    const { weaver } = world();
    const object = new Woven();
    weaver.weave(object);
    expect(Object.hasOwn(object, "renameTwice")).toBe(false);
    expect(Object.hasOwn(object, "pair")).toBe(false);
    expect(Object.hasOwn(object, "rename")).toBe(true);
  });

  it("asks for a lock across the cluster one call at a time", async () => {
    const { weaver } = world();
    const object = new Woven();
    weaver.weave(object);
    const gate = new Gate();
    const one = object.across(context, () => gate.promise);
    const two = object.across(context, async () => void seen.push("two"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(["acquire everything"]);
    gate.resolve();
    await Promise.all([one, two]);
    expect(seen).toEqual(["acquire everything", "acquire everything", "two"]);
  });

  it("waits for a lock no longer than the context allows", async () => {
    const { weaver } = world();
    const object = new Woven();
    weaver.weave(object);
    const gate = new Gate();
    const one = object.across(context, () => gate.promise);
    const late = await object.across(context.within(5), async () => void seen.push("two")).catch((error) => error);
    expect(isKilonovaError(late, "rpc.deadlineExceeded")).toBe(true);
    gate.resolve();
    await one;
    expect(seen).toEqual(["acquire everything"]);
  });
});

describe("an RPC method marked as a point of another name", () => {
  it("is refused", () => {
    const { weaver } = world();
    @manager(contract)
    class Misnamed extends Woven {
      @hook("server.rename")
      override async rename(given: RequestContext, args: Name) {
        return super.rename(given, args);
      }
    }
    expect(() => weaver.weave(new Misnamed())).toThrow(
      "Misnamed.rename is the hook point woven.rename; it cannot be server.rename as well.",
    );
  });
});
