import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { MemoryTransport } from "./memory-transport.js";
import { RequestContext } from "./request-context.js";
import { Rpc } from "./rpc.js";
import { LONGEST_WORK, OVERRUN } from "./rpc-server.js";
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

describe("an answer that is not what its contract says, or is too long to send", () => {
  it.each([
    ["rpc.badResult", 3],
    ["rpc.tooLong", "x".repeat(9 * 2 ** 20)],
  ])("is told here as %s, as a handler's failure is", async (code, answer) => {
    const failures: unknown[] = [];
    const { transport } = await exampleWorld(
      { greet: async () => answer },
      { server: { onFailure: ({ method, error }) => failures.push([method, (error as { code: string }).code]) } },
    );
    const sent = await transport.call({ topic: "example" }, JSON.stringify(good), { timeLeft: 5_000 });
    expect(JSON.parse(sent).error.code).toBe(code);
    expect(failures).toEqual([["greet", code]]);
  });
});

describe("the deadline of a handler", () => {
  it.each([
    ["that which the message names", 5_000, 60_000],
    ["that which the listener knows, as the call waited for its turn", 60_000, 5_000],
  ])("is the sooner one: %s", async (_which, timeLeft, known) => {
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now);
    onTestFinished(() => void vi.restoreAllMocks());
    const deadlines: unknown[] = [];
    const { transport } = await exampleWorld({
      greet: async ({ deadline }: RequestContext) => {
        deadlines.push(deadline);
        return "hello";
      },
    });
    await transport.call({ topic: "example" }, JSON.stringify({ ...good, timeLeft }), { timeLeft: known });
    expect(deadlines).toEqual([now + 5_000]);
  });
});

it("a handler that gives up as its time is up fails with rpc.deadlineExceeded, here and for its caller", async () => {
  const failures: unknown[] = [];
  const { transport } = await exampleWorld(
    {
      greet: ({ signal }: RequestContext) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    },
    { server: { onFailure: ({ error }) => failures.push((error as { code: string }).code) } },
  );
  const sent = await transport.call({ topic: "example" }, JSON.stringify({ ...good, timeLeft: 1 }), {
    timeLeft: 60_000,
  });
  expect(JSON.parse(sent).error.code).toBe("rpc.deadlineExceeded");
  expect(failures).toEqual(["rpc.deadlineExceeded"]);
});

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

  it.each([
    ["a long request id", { requestId: "r".repeat(256) }],
    ["a long role", { roles: ["r".repeat(256)] }],
    ["very many roles", { roles: Array.from({ length: 1_001 }, () => "member") }],
    ["roles that are a text", { roles: "admin" }],
    ["an object for a user", { userId: { $ne: null } }],
    ["nobody's request", { requestId: undefined }],
  ])("is refused with a forged context: %s", async (_, forged) => {
    expect(await code({ ...good, context: { ...good.context, ...forged } })).toBe("rpc.badMessage");
  });

  it("is refused unread when it is longer than may be sent, and nested deeper", async () => {
    const parse = vi.spyOn(JSON, "parse");
    onTestFinished(() => parse.mockRestore());
    const { answer } = await answerTo(JSON.stringify({ ...good, args: { name: "x".repeat(100 * 2 ** 20) } }));
    expect(answer.error.message).toBe("A message could not be read: it is longer than may be sent.");
    const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    const deep = await answerTo(JSON.stringify(good).replace('"args":{"name":"x"}', `"args":${nested(10_000)}`));
    expect(deep.answer.error.message).toBe("A message is nested deeper than 100.");
    expect(parse.mock.calls.map(([text]) => text.length).filter((length) => length > 10_000)).toEqual([]);
  });

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

  it("as a cast is put aside and told of where nobody can ever understand it, and carries no token", async () => {
    const seen: unknown[] = [];
    let arrived: () => void = () => {};
    const last = new Promise<void>((resolve) => (arrived = resolve));
    const failures = vi.fn();
    const onDeadCast = vi.fn();
    const { transport } = await exampleWorld(
      {
        greet: async (context: { token(): string | undefined }) => {
          seen.push(context.token());
          arrived();
        },
      },
      { server: { onFailure: failures, onDeadCast } },
    );
    await transport.cast({ topic: "example" }, "no JSON");
    await transport.cast({ topic: "example" }, JSON.stringify({ ...good, version: "9.9" }));
    await transport.cast(
      { topic: "example" },
      JSON.stringify({ ...good, context: { ...good.context, token: "secret" } }),
    );
    await last;
    expect(seen).toEqual([undefined]);
    expect(failures.mock.calls.map(([{ method, error }]) => [method, error.code])).toEqual([
      [undefined, "rpc.badMessage"],
      ["greet", "rpc.unsupportedVersion"],
    ]);
    const reason = (words: string) => expect.stringContaining(words);
    expect(onDeadCast.mock.calls.map(([dead]) => dead)).toMatchObject([
      { address: { topic: "example" }, contract: undefined, deliveries: 1, reason: reason("rpc.badMessage") },
      { contract: "example", method: "greet", requestId: "req-1", reason: reason("rpc.unsupportedVersion") },
    ]);
  });
});

describe("what this process itself sends", () => {
  it("is refused before it is on its way when it is too long or too deep", async () => {
    const { client } = await exampleWorld({ greet: async () => "hello" });
    const { call } = client;
    const long = { name: "x".repeat(100 * 2 ** 20) };
    await expect(call.greet(new RequestContext(), long)).rejects.toMatchObject({ code: "rpc.tooLong" });
    const deep: unknown = JSON.parse(`${"[".repeat(10_000)}${"]".repeat(10_000)}`);
    const rpc = new Rpc(new MemoryTransport());
    for (const args of [{ deep }, { deep: JSON.parse(`${"[".repeat(200)}${"]".repeat(200)}`) }]) {
      const message = { method: "greet", args };
      await expect(rpc.cast(new RequestContext(), "example", message)).rejects.toMatchObject({
        code: "rpc.badMessage",
        message: "A message is nested deeper than 100.",
      });
    }
    expect(await call.greet(new RequestContext(), { name: "x" })).toBe("hello");
  });
});

describe("a handler that never returns", () => {
  it("costs its caller no more than the deadline and the others nothing, and is told of", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const onFailure = vi.fn();
    const greet = (_: RequestContext, { name }: { name: string }) =>
      name === "stuck" ? new Promise(() => {}) : Promise.resolve("hello");
    const rename = () => new Promise(() => {});
    const { client } = await exampleWorld({ greet, rename }, { server: { onFailure } });
    const stuck = client.call.greet(new RequestContext(), { name: "stuck" }).catch((error) => error.code);
    await client.cast.rename(new RequestContext(), { name: "stuck" });
    expect(await client.call.greet(new RequestContext(), { name: "x" })).toBe("hello");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await stuck).toBe("rpc.deadlineExceeded");
    expect(onFailure).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(OVERRUN + 5_000);
    await vi.advanceTimersByTimeAsync(LONGEST_WORK);
    expect(await client.call.greet(new RequestContext(), { name: "x" })).toBe("hello");
    // Once each, however long it goes on.
    await vi.advanceTimersByTimeAsync(LONGEST_WORK);
    expect(onFailure.mock.calls.map(([{ method, error }]) => [method, error.message])).toEqual([
      ["greet", expect.stringContaining("example.greet still works though its caller stopped waiting 10 s ago")],
      ["rename", expect.stringContaining("example.rename still works for more than 10 minutes")],
    ]);
  });
});
