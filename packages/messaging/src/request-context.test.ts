import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RequestContext } from "./request-context.js";

describe("a request context", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("has a request id of its own unless it is given one", () => {
    expect(new RequestContext().requestId).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(new RequestContext({ requestId: "req-1" }).requestId).toBe("req-1");
  });

  it("gives an administrator's copy that is the same request", () => {
    const user = new RequestContext({ userId: "u", roles: ["member"], token: "secret" }, { deadline: 1_005_000 });
    const admin = user.elevated();
    expect(admin).toMatchObject({ requestId: user.requestId, userId: "u", isAdmin: true, deadline: 1_005_000 });
    expect(admin.roles).toEqual(["member", "admin"]);
    expect(admin.elevated().roles).toEqual(["member", "admin"]);
    expect(admin.token()).toBe("secret");
    expect([user.isAdmin, user.roles]).toEqual([false, ["member"]]);
  });

  it("hands on what goes along in this process, to every copy of the same request but one that outlives it", () => {
    const key = Symbol("key");
    const context = new RequestContext({ userId: "u", token: "secret" });
    const carrying = context.withValue(key, 7);
    const copies = [carrying.elevated(), carrying.within(5), carrying.withSignal(new AbortController().signal)];
    expect(copies.map((copy) => copy.value(key))).toEqual([7, 7, 7]);
    expect(carrying).toMatchObject({ requestId: context.requestId, userId: "u" });
    expect(carrying.token()).toBe("secret");
    expect([carrying.withValue(key, 8).value(key), carrying.value(key)]).toEqual([8, 7]);
    expect([context.value(key), carrying.detached().value(key)]).toEqual([undefined, undefined]);
    expect(Object.getOwnPropertySymbols(carrying.fields())).toEqual([]);
  });

  it("keeps the sooner of two deadlines", () => {
    const context = new RequestContext().within(5_000);
    expect(context.within(10_000).timeLeft()).toBe(5_000);
    expect(context.within(1_000).timeLeft()).toBe(1_000);
    vi.setSystemTime(1_006_000);
    expect(context.timeLeft()).toBe(0);
    expect(() => context.throwIfExpired()).toThrow(expect.objectContaining({ code: "rpc.deadlineExceeded" }));
  });

  it("without a deadline never expires", () => {
    const context = new RequestContext();
    expect(context.timeLeft()).toBeUndefined();
    context.throwIfExpired();
    expect(context.signal.aborted).toBe(false);
  });

  it("aborts what waits when its caller gives up", () => {
    const caller = new AbortController();
    const context = new RequestContext({}, { signal: caller.signal }).elevated().within(60_000);
    expect(context.signal.aborted).toBe(false);
    caller.abort();
    expect(context.signal.aborted).toBe(true);
  });

  it("takes deadlines of any number", () => {
    for (const left of [0, 0.5, -3, 2 ** 40, Number.MAX_VALUE]) {
      expect(new RequestContext({}, { deadline: Date.now() + left }).signal).toBeInstanceOf(AbortSignal);
    }
  });

  it("shows its token to nobody who does not ask for it", () => {
    const context = new RequestContext({ token: "secret" });
    expect(JSON.stringify([context, context.fields()])).not.toContain("secret");
    expect(inspect(context, { showHidden: true, depth: 9 })).not.toContain("secret");
    expect(context.detached().token()).toBeUndefined();
  });

  it("says who sent the message, whatever becomes of it: else a host would pass for a service", () => {
    const context = new RequestContext({}, { sender: "compute.node1" });
    const kept = [context.detached(), context.elevated(), context.within(5), context.withValue(Symbol("x"), 1)];
    expect(kept.map(({ sender }) => sender)).toEqual(kept.map(() => "compute.node1"));
  });
});

describe("the deadline of a request context", () => {
  it("aborts what waits", async () => {
    const { signal } = new RequestContext().within(20);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    expect(signal.reason.name).toBe("TimeoutError");
  });
});
