import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { exampleWorld } from "./testing/example.js";

const good = {
  v: 1,
  id: "m1",
  contract: "example",
  version: "1.0",
  method: "greet",
  args: { name: "x" },
  context: { requestId: "req-1", roles: [], isAdmin: false, readDeleted: "no" },
};

async function answerTo(body: string) {
  const greet = vi.fn(async () => "hello");
  const { transport } = await exampleWorld({ greet });
  const answer = JSON.parse(await transport.call({ topic: "example" }, body, { timeLeft: 5_000 }));
  return { answer, greet };
}

const code = async (body: unknown) => (await answerTo(JSON.stringify(body))).answer.error?.code;

describe("what a peer sends", () => {
  it("is answered when it is right", async () => {
    expect((await answerTo(JSON.stringify(good))).answer).toEqual({ v: 1, value: "hello" });
  });

  it.each(["", "no JSON", "null", "[]", "3", "{}", '{"v":1}', "{".repeat(100_000)])(
    "is refused as %.40j",
    async (body) => {
      const { answer, greet } = await answerTo(body);
      expect(answer.error.code).toBe("rpc.badMessage");
      expect(greet).not.toHaveBeenCalled();
    },
  );

  it("is refused when a part of it is wrong", async () => {
    expect(await code({ ...good, v: 2 })).toBe("rpc.badMessage");
    expect(await code({ ...good, version: "one" })).toBe("rpc.badMessage");
    expect(await code({ ...good, args: [] })).toBe("rpc.badMessage");
    expect(await code({ ...good, timeLeft: -1 })).toBe("rpc.badMessage");
    expect(await code({ ...good, context: { ...good.context, isAdmin: "yes" } })).toBe("rpc.badMessage");
    expect(await code({ ...good, contract: "other" })).toBe("rpc.unknownContract");
    expect(await code({ ...good, version: "1.3" })).toBe("rpc.unsupportedVersion");
    expect(await code({ ...good, version: "2.0" })).toBe("rpc.unsupportedVersion");
    expect(await code({ ...good, args: {} })).toBe("rpc.badArguments");
    expect(await code({ ...good, args: { name: "x", extra: 1 } })).toBe("rpc.badArguments");
    expect(await code({ ...good, method: "forget" })).toBe("rpc.unknownMethod");
    expect(await code({ ...good, timeLeft: 1e300 })).toBeUndefined();
    expect(await code({ ...good, timeLeft: 0 })).toBe("rpc.deadlineExceeded");
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "initHost", ""])(
    "reaches no method %j that the contract does not have",
    async (method) => {
      expect(await code({ ...good, method })).toBe("rpc.unknownMethod");
      expect(await code({ ...good, contract: method })).toBe("rpc.unknownContract");
      expect((await answerTo(JSON.stringify(good).replace('"name"', `"${method}"`))).answer.error.code).toBe(
        "rpc.badArguments",
      );
    },
  );

  it("never breaks the listener, whatever it is", async () => {
    const greet = vi.fn(async () => "hello");
    const { transport } = await exampleWorld({ greet });
    const call = async (body: string) =>
      JSON.parse(await transport.call({ topic: "example" }, body, { timeLeft: 5_000 }));
    const message = fc.record(
      Object.fromEntries(
        Object.keys(good).map((key) => [key, fc.oneof(fc.constant(good[key as keyof typeof good]), fc.json())]),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          message.map((value) => JSON.stringify(value)),
        ),
        async (body) => {
          const answer = await call(body);
          return answer.value === "hello" || typeof answer.error.code === "string";
        },
      ),
      { numRuns: 200 },
    );
    expect((await call(JSON.stringify(good))).value).toBe("hello");
  });

  it("as a cast is dropped where nobody can ever understand it, and carries no token", async () => {
    const seen: unknown[] = [];
    let arrived: () => void = () => {};
    const last = new Promise<void>((resolve) => (arrived = resolve));
    const failures = vi.fn();
    const { transport } = await exampleWorld(
      {
        greet: async (context: { token(): string | undefined }) => {
          seen.push(context.token());
          arrived();
        },
      },
      { server: { onFailure: failures } },
    );
    await transport.cast({ topic: "example" }, "no JSON");
    await transport.cast({ topic: "example" }, JSON.stringify({ ...good, version: "9.9" }));
    await transport.cast(
      { topic: "example" },
      JSON.stringify({ ...good, context: { ...good.context, token: "secret" } }),
    );
    await last;
    expect(seen).toEqual([undefined]);
    expect(failures).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ error: expect.objectContaining({ code: "rpc.unsupportedVersion" }) }),
    );
  });
});
