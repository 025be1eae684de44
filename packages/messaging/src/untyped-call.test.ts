import { describe, expect, it } from "vitest";
import { KilonovaError } from "./kilonova-error.js";
import { MemoryTransport } from "./memory-transport.js";
import { ok, refused } from "./outcome.js";
import { RequestContext } from "./request-context.js";
import { Rpc } from "./rpc.js";
import { exampleWorld } from "./testing/example.js";

const context = new RequestContext({ requestId: "req-1", token: "secret" });

/** Fails as whatever heeds a signal does. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

async function world() {
  const told: unknown[] = [];
  const sent: string[] = [];
  const { wire } = await exampleWorld({
    greet: async (asked: RequestContext, { name }: { name: string }) => {
      if (name === "bug") throw new KilonovaError("virt.failed", "no disk", { details: { disk: "vda" } });
      if (name === "slow") await aborted(asked.signal);
      return `hello ${name}, ${asked.requestId} ${asked.token()}`;
    },
    rename: async (_: RequestContext, { name }: { name: string }) =>
      name === "taken" ? refused("nameTaken", { name }) : ok(),
    forget: async (asked: RequestContext) => void told.push([asked.requestId, asked.token(), asked.deadline]),
  });
  const observer = {
    sending: <Answer>(
      message: { kind: string; contract: string; method: string },
      send: (carrier: Record<string, string>) => Promise<Answer>,
    ) => {
      sent.push(`${message.kind} ${message.contract}.${message.method}`);
      return send({});
    },
  };
  return { rpc: new Rpc(new MemoryTransport(wire), { observers: [observer] }), told, sent };
}

describe("a call by name", () => {
  it("brings what a typed one would, as an outcome that nobody has checked", async () => {
    const { rpc, sent } = await world();
    const greet = (name: string) =>
      rpc.call(context, "example", { method: "greet", args: { name } }, { server: "one" });
    expect(await greet("x")).toEqual({ ok: true, value: "hello x, req-1 secret" });
    const rename = (name: string) => rpc.call(context, "example", { method: "rename", args: { name } });
    expect(await rename("new")).toEqual({ ok: true, value: undefined });
    const outcome = await rename("taken");
    expect(outcome).toEqual({ ok: false, refusal: "nameTaken", details: { name: "taken" } });
    expect(sent).toEqual(["call example.greet", "call example.rename", "call example.rename"]);
  });

  it("throws what the other side threw, and ends at its deadline", async () => {
    const { rpc } = await world();
    const greet = (name: string) => ({ method: "greet", args: { name } });
    await expect(rpc.call(context, "example", greet("bug"))).rejects.toMatchObject({
      code: "virt.failed",
      details: { disk: "vda" },
    });
    const late = { code: "rpc.deadlineExceeded" };
    await expect(rpc.call(context, "example", greet("slow"), { timeout: 20 })).rejects.toMatchObject(late);
    await expect(rpc.call(context.within(20), "example", greet("slow"))).rejects.toMatchObject(late);
  });

  it.each([
    ["a topic on which nobody listens", "nowhere", { method: "greet" }, {}, "rpc.noListener"],
    ["a host on which nobody listens", "example", { method: "greet" }, { server: "two" }, "rpc.noListener"],
    ["an unknown contract", "example", { method: "greet" }, { contract: "other" }, "rpc.unknownContract"],
    ["an unknown method", "example", { method: "initHost" }, {}, "rpc.unknownMethod"],
    [
      "a version that is not served",
      "example",
      { method: "greet" },
      { version: "1.9" as const },
      "rpc.unsupportedVersion",
    ],
    ["wrong arguments", "example", { method: "greet", args: { name: 1 } }, {}, "rpc.badArguments"],
    ["arguments that are no object", "example", { method: "greet", args: [] as never }, {}, "rpc.badArguments"],
    ["a version that is none", "example", { method: "greet" }, { version: "new" as never }, "rpc.badArguments"],
  ])("is refused in words: %s", async (_, topic, message, options, code) => {
    const { rpc } = await world();
    await expect(rpc.call(context, topic, message, options)).rejects.toMatchObject({ code });
  });
});

describe("a cast by name", () => {
  it.each(["cast", "fanout"] as const)("is sent as a typed one is: %s", async (kind) => {
    const { rpc, told, sent } = await world();
    await rpc[kind](context.within(1_000), "example", { method: "forget" });
    await rpc.call(context, "example", { method: "greet", args: { name: "x" } });
    expect(told).toEqual([["req-1", undefined, undefined]]);
    expect(sent[0]).toBe(`${kind} example.forget`);
  });
});
