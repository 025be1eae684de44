import { afterEach, describe, expect, it, vi } from "vitest";
import { KilonovaError } from "./kilonova-error.js";
import { ok, refused } from "./outcome.js";
import { RequestContext } from "./request-context.js";
import { Rpc } from "./rpc.js";
import { exampleContract, exampleWorld } from "./testing/example.js";
import type { CallOptions } from "./transport.js";

const context = new RequestContext({
  requestId: "req-1",
  userId: "u",
  projectId: "p",
  roles: ["member"],
  token: "secret",
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a call", () => {
  it("carries arguments, result and context", async () => {
    const seen: RequestContext[] = [];
    const { client } = await exampleWorld({
      greet: async (asked: RequestContext, { name }: { name: string }) => {
        seen.push(asked);
        return `hello ${name}`;
      },
    });
    expect(await client.call.greet(context, { name: "世界" })).toBe("hello 世界");
    expect(seen[0]).toMatchObject({
      requestId: "req-1",
      userId: "u",
      projectId: "p",
      roles: ["member"],
      isAdmin: false,
    });
    expect(seen[0]?.token()).toBe("secret");
  });

  it("of a method without arguments or result brings nothing", async () => {
    const { client } = await exampleWorld({ forget: async () => "ignored" });
    expect(await client.call.forget(context)).toBeUndefined();
  });

  it("answers refusals as values", async () => {
    const { client } = await exampleWorld({
      rename: async (_: RequestContext, { name }: { name: string }) =>
        name === "taken" ? refused("nameTaken", { name }) : ok(),
    });
    expect(await client.call.rename(context, { name: "new" })).toEqual({ ok: true });
    expect(await client.call.rename(context, { name: "taken" })).toEqual({
      ok: false,
      refusal: "nameTaken",
      details: { name: "taken" },
    });
  });

  it("throws what the handler threw, with its code and details", async () => {
    const failures: unknown[] = [];
    const { client } = await exampleWorld(
      {
        greet: async (_: RequestContext, { name }: { name: string }) => {
          if (name === "coded") throw new KilonovaError("virt.failed", "no disk", { details: { disk: "vda" } });
          if (name === "circular") throw new KilonovaError("virt.failed", "odd", { details: { big: 1n } });
          throw new TypeError("a bug");
        },
      },
      {
        server: {
          onFailure: ({ address, method, context }) =>
            failures.push([address.server, method, context.requestId, context.token()]),
        },
      },
    );
    const failure = { code: "virt.failed", message: "no disk", details: { disk: "vda" } };
    await expect(client.call.greet(context, { name: "coded" })).rejects.toMatchObject(failure);
    await expect(client.call.greet(context, { name: "circular" })).rejects.toMatchObject({
      code: "virt.failed",
      message: "odd",
    });
    await expect(client.call.greet(context, { name: "x" })).rejects.toMatchObject({
      code: "rpc.failed",
      message: "a bug",
    });
    expect(failures).toEqual(Array(3).fill(["one", "greet", "req-1", undefined]));
  });

  it("with wrong arguments is not even sent", async () => {
    const greet = vi.fn(async () => "");
    const { client } = await exampleWorld({ greet, forget: greet });
    const call = client.call as unknown as Record<string, (context: RequestContext, args: unknown) => Promise<unknown>>;
    const wrong: [string, unknown][] = [
      ["greet", {}],
      ["greet", { name: 3 }],
      ["greet", { name: "a", extra: 1 }],
      ["greet", JSON.parse('{"name":"a","__proto__":{"polluted":true}}')],
      ["greet", { name: "a", constructor: 1 }],
      ["forget", { name: "a" }],
    ];
    for (const [method, args] of wrong) {
      await expect(call[method]?.(context, args)).rejects.toMatchObject({ code: "rpc.badArguments" });
    }
    expect(greet).not.toHaveBeenCalled();
  });

  it.each([
    ["greet", 3],
    ["greet", undefined],
    ["greet", new Date()],
    ["rename", undefined],
    ["rename", { ok: false, refusal: "constructor", details: {} }],
    ["rename", { ok: false, refusal: "nameTaken", details: {} }],
    ["rename", { ok: false, refusal: "nameTaken", details: { name: "x", extra: 1 } }],
  ] as const)("whose handler of %s answers %j fails as the server's fault", async (method, answer) => {
    const { client } = await exampleWorld({ [method]: async () => answer });
    await expect(client.call[method](context, { name: "x" })).rejects.toMatchObject({ code: "rpc.badResult" });
  });

  it("that is too long costs only itself", async () => {
    const { client } = await exampleWorld({ greet: async (_: unknown, { name }: { name: string }) => name.repeat(9) });
    const mebibyte = "x".repeat(2 ** 20);
    await expect(client.call.greet(context, { name: mebibyte })).rejects.toMatchObject({ code: "rpc.tooLong" });
    await expect(client.call.greet(context, { name: mebibyte.repeat(9) })).rejects.toMatchObject({
      code: "rpc.tooLong",
    });
    expect(await client.call.greet(context, { name: "x" })).toBe("xxxxxxxxx");
  });

  it("goes to the host it was prepared for", async () => {
    const { client } = await exampleWorld({ greet: async () => "here" });
    expect(await client.prepare({ server: "one" }).call.greet(context, { name: "x" })).toBe("here");
    const elsewhere = client.prepare({ server: "two" }).call.greet(context, { name: "x" });
    await expect(elsewhere).rejects.toMatchObject({
      code: "rpc.noListener",
      message: "Nobody listens on example on host two.",
    });
  });
});

describe("a deadline", () => {
  it("is the contract's, the caller's or the context's, whichever is soonest", async () => {
    const left: (number | undefined)[] = [];
    const { client } = await exampleWorld({
      greet: async (asked: RequestContext) => {
        left.push(asked.timeLeft());
        return "";
      },
      count: async (asked: RequestContext) => {
        left.push(asked.timeLeft());
        return 1;
      },
    });
    vi.useFakeTimers({ toFake: ["Date"] });
    await client.call.greet(context, { name: "x" });
    await client.prepare({ timeout: 300 }).call.greet(context, { name: "x" });
    await client.prepare({ timeout: 90_000 }).call.greet(context.within(2_000), { name: "x" });
    await client.call.count(context, { of: "x" });
    expect(left).toEqual([10_000, 300, 2_000, 60_000]);
  });

  it("is inherited by the calls of the handler", async () => {
    let inner: number | undefined;
    const { client, transport } = await exampleWorld({
      merge: async (asked: RequestContext) =>
        new Rpc(transport).client(exampleContract).call.greet(asked, { name: "x" }),
      greet: async (asked: RequestContext) => {
        inner = asked.timeLeft();
        return "done";
      },
    });
    vi.useFakeTimers({ toFake: ["Date"] });
    await client.prepare({ timeout: 4_000 }).call.merge(context);
    expect(inner).toBe(4_000);
  });

  it("ends the wait, and aborts the handler's signal", async () => {
    let aborted: Promise<unknown> | undefined;
    const { client } = await exampleWorld({
      greet: (asked: RequestContext) => {
        aborted = new Promise((resolve) => asked.signal.addEventListener("abort", resolve));
        return aborted.then(() => "late");
      },
    });
    const call = client.call.greet(context.within(50), { name: "x" });
    await expect(call).rejects.toMatchObject({ code: "rpc.deadlineExceeded" });
    await aborted;
  });

  it("that is past sends nothing", async () => {
    const greet = vi.fn(async () => "");
    const { client } = await exampleWorld({ greet });
    await expect(client.call.greet(context.within(0), { name: "x" })).rejects.toMatchObject({
      code: "rpc.deadlineExceeded",
    });
    expect(greet).not.toHaveBeenCalled();
  });

  it("may be pre-empted by the caller", async () => {
    const caller = new AbortController();
    const { client } = await exampleWorld({ greet: async () => new Promise(() => caller.abort()) });
    const call = client.call.greet(new RequestContext({}, { signal: caller.signal }), { name: "x" });
    await expect(call).rejects.toMatchObject({ code: "rpc.cancelled" });
  });
});

describe("a long call", () => {
  it("lives as long as its peer beats, and is given up when the peer falls silent", async () => {
    vi.useFakeTimers();
    let transportCall: CallOptions | undefined;
    const rpc = new Rpc({
      connect: async () => {},
      close: async () => {},
      cast: async () => {},
      fanout: async () => {},
      listen: () => Promise.reject(new Error("not here")),
      call: (_address, _body, options) =>
        new Promise((_, reject) => {
          transportCall = options;
          options.signal?.addEventListener("abort", () => reject(new KilonovaError("rpc.cancelled", "given up")));
        }),
    });
    const outcome = vi.fn();
    void rpc.client(exampleContract).prepare({ timeout: 3_600_000 }).call.merge(context).catch(outcome);
    for (let minute = 0; minute < 20; minute++) {
      await vi.advanceTimersByTimeAsync(20_000);
      transportCall?.onBeat?.();
    }
    expect(outcome).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(31_000);
    expect(outcome).toHaveBeenCalledWith(expect.objectContaining({ code: "rpc.peerLost" }));
  });

  it("beats while the handler works", async () => {
    vi.useFakeTimers();
    let finish: (answer: string) => void = () => {};
    const { transport, client } = await exampleWorld({ merge: () => new Promise((resolve) => (finish = resolve)) });
    const call = vi.spyOn(transport, "call");
    const answer = client.call.merge(context);
    await vi.advanceTimersByTimeAsync(1);
    const options = call.mock.calls[0]?.[2];
    const beat = vi.spyOn(options ?? { onBeat: () => {} }, "onBeat");
    await vi.advanceTimersByTimeAsync(45_000);
    expect(beat).toHaveBeenCalledTimes(4);
    finish("merged");
    expect(await answer).toBe("merged");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(beat).toHaveBeenCalledTimes(4);
  });
});

describe("a cap on versions", () => {
  const world = () => {
    const args: unknown[] = [];
    const keep = async (_: unknown, given: unknown) => {
      args.push(given);
      return ok();
    };
    return exampleWorld({ rename: keep, count: async () => 1, merge: async () => "", greet: async () => "" }).then(
      ({ client }) => ({ args, client }),
    );
  };

  it("drops optional arguments that are newer", async () => {
    const { args, client } = await world();
    await client.call.rename(context, { name: "a", tags: ["t"] });
    await client.prepare({ versionCap: "1.1" }).call.rename(context, { name: "a", tags: ["t"] });
    await client.prepare({ versionCap: "1.0" }).call.rename(context, { name: "a", tags: ["t"] });
    expect(args).toEqual([{ name: "a", tags: ["t"] }, { name: "a", tags: ["t"] }, { name: "a" }]);
  });

  it("refuses required arguments and methods that are newer", async () => {
    const capped = (await world()).client.prepare({ versionCap: "1.0" });
    const refusal = expect.objectContaining({ code: "rpc.versionCapped" });
    await expect(capped.call.count(context, { of: "x" })).rejects.toEqual(refusal);
    await expect(capped.call.merge(context)).rejects.toEqual(refusal);
    expect(await capped.call.greet(context, { name: "x" })).toBe("");
  });

  it("says what may be sent", async () => {
    const { client } = await world();
    const answers = [client.canSendVersion("1.2"), client.canSendVersion("1.3"), client.canSendVersion("2.0")];
    expect(await Promise.all(answers)).toEqual([true, false, false]);
    expect(await client.prepare({ versionCap: "1.1" }).canSendVersion("1.2")).toBe(false);
  });
});

describe("a cast", () => {
  it("carries no token and no deadline", async () => {
    let received: (context: RequestContext) => void = () => {};
    const arrived = new Promise<RequestContext>((resolve) => (received = resolve));
    const { client } = await exampleWorld({ forget: async (asked: RequestContext) => received(asked) });
    await client.cast.forget(context.within(1_000));
    const asked = await arrived;
    expect([asked.requestId, asked.token(), asked.deadline]).toEqual(["req-1", undefined, undefined]);
  });

  it("that fails is repeated until it succeeds", async () => {
    let tries = 0;
    let done: () => void = () => {};
    const succeeded = new Promise<void>((resolve) => (done = resolve));
    const { client } = await exampleWorld({
      forget: async () => {
        tries += 1;
        if (tries < 3) throw new Error("not yet");
        done();
      },
    });
    await client.cast.forget(context);
    await succeeded;
    expect(tries).toBe(3);
  });

  it("to all reaches all", async () => {
    let done: () => void = () => {};
    const succeeded = new Promise<void>((resolve) => (done = resolve));
    const { client } = await exampleWorld({ forget: async () => done() });
    await client.fanout.forget(context);
    await succeeded;
  });
});
