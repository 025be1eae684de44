import { isKilonovaError, RequestContext } from "@kilonova/messaging";
import type { Hook, HookEntry, HookEvent } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type HookPoint, Hooks } from "./hooks.js";
import { type LogLine, recordingLogger } from "./testing/recording-logger.js";

const point: HookPoint = { name: "example.rename", version: "1.1", amendable: ["name"] };
const context = new RequestContext({ userId: "someone" });

function world(seen: string[] = []) {
  const lines: LogLine[] = [];
  const hooks = new Hooks(recordingLogger(lines));
  const enter = (name: string, hook: Hook, entry: Partial<HookEntry> = {}) => {
    hooks.enter(name, { point: point.name, ...entry }, async () => hook);
  };
  const run = (payload: unknown = { name: "one" }, of: HookPoint = point) =>
    hooks.run(of, context, payload, async (given) => {
      seen.push(`method ${JSON.stringify(given)}`);
      return "result";
    });
  return { hooks, enter, run, lines, seen };
}

const chatty = (name: string, seen: string[]): Hook => ({
  pre: () => void seen.push(`pre ${name}`),
  post: (_event, result) => void seen.push(`post ${name} ${result}`),
  error: (_event, failure) => void seen.push(`error ${name} ${(failure as Error).message}`),
});

const code = async (running: Promise<unknown>) => {
  const error: unknown = await running.catch((thrown) => thrown);
  if (!isKilonovaError(error)) throw error;
  return [error.code, error.message];
};

describe("the hooks of a point", () => {
  it("run before the method in their order, after it in reverse; equal ones as they entered", async () => {
    const { enter, run, seen } = world();
    enter("second", chatty("second", seen));
    enter("third", chatty("third", seen));
    enter("first", chatty("first", seen), { order: 1 });
    expect(await run()).toBe("result");
    expect(seen).toEqual([
      "pre first",
      "pre second",
      "pre third",
      'method {"name":"one"}',
      "post third result",
      "post second result",
      "post first result",
    ]);
  });

  it("are told of the method's failure, which goes on to the caller", async () => {
    const { hooks, enter, seen } = world();
    enter("a", chatty("a", seen));
    enter("b", chatty("b", seen));
    const running = hooks.run(point, context, {}, async () => {
      throw new Error("broken");
    });
    await expect(running).rejects.toThrow("broken");
    expect(seen).toEqual(["pre a", "pre b", "error b broken", "error a broken"]);
  });

  it("are shown point, version, context and payload, all frozen", async () => {
    const { enter, run } = world();
    const events: HookEvent[] = [];
    enter("a", { pre: (event) => void events.push(event) });
    const payload = { name: "one", tags: [{ key: "k" }] };
    await run(payload);
    const [event] = events;
    expect(event).toMatchObject({ point: "example.rename", version: "1.1", payload });
    expect(event?.context).toBe(context);
    const shown = event?.payload as typeof payload;
    expect([event, shown, shown.tags, shown.tags[0]].every(Object.isFrozen)).toBe(true);
    expect(Object.isFrozen(payload)).toBe(false);
  });
});

describe("a veto", () => {
  it("keeps the method from running, in the hook's words; hooks before it hear of it", async () => {
    const { enter, run, seen } = world();
    enter("a", chatty("a", seen));
    enter("guard", { pre: () => ({ veto: "Not on Sundays." }) }, { failure: "open" });
    enter("c", chatty("c", seen));
    expect(await code(run())).toEqual(["hook.vetoed", "Not on Sundays."]);
    expect(seen).toEqual(["pre a", "error a Not on Sundays."]);
  });
});

describe("an amendment", () => {
  it("reaches the method, the hooks behind, and post", async () => {
    const { enter, run, seen } = world();
    const payloads: unknown[] = [];
    enter("amending", { pre: () => ({ amend: { name: "two" } }) });
    enter("watching", {
      pre: ({ payload }) => void payloads.push(payload),
      post: ({ payload }) => void payloads.push(payload),
    });
    await run({ name: "one", other: 1 });
    expect(seen).toEqual(['method {"name":"two","other":1}']);
    expect(payloads).toEqual([
      { name: "two", other: 1 },
      { name: "two", other: 1 },
    ]);
  });

  it("of anything else is refused, and names the hook, the property and what may be amended", async () => {
    const { enter, run, seen } = world();
    enter("greedy", { pre: () => ({ amend: { name: "two", owner: "me" } }) }, { failure: "open" });
    expect(await code(run())).toEqual([
      "hook.failed",
      "Hook greedy amends owner at example.rename, where name may be amended.",
    ]);
    expect(seen).toEqual([]);
  });

  it("that breaks the point's payload is refused", async () => {
    const { enter, run } = world();
    enter("clumsy", { pre: () => ({ amend: { name: 7 } }) });
    const [kind, words] = await code(run({ name: "one" }, { ...point, payload: z.object({ name: z.string() }) }));
    expect(kind).toBe("hook.failed");
    expect(words).toContain("Hook clumsy amends name at example.rename so that it is wrong");
  });
});

describe("a hook that fails", () => {
  const failing = { pre: () => Promise.reject(new Error("no database")) };

  it("aborts the operation where it is closed, as a pre is unless it says otherwise", async () => {
    const { enter, run, seen } = world();
    enter("audit", failing);
    expect(await code(run())).toEqual(["hook.failed", "Hook audit at example.rename failed: no database"]);
    expect(seen).toEqual([]);
  });

  it("is logged where it is open, and the operation goes on", async () => {
    const { enter, run, lines } = world();
    enter("audit", failing, { failure: "open" });
    expect(await run()).toBe("result");
    expect(lines).toMatchObject([
      {
        level: "warn",
        fields: { hook: "audit", point: "example.rename", requestId: context.requestId, error: "no database" },
      },
    ]);
  });

  it("after the method is open unless it says otherwise", async () => {
    const post = () => Promise.reject(new Error("too late"));
    const open = world();
    open.enter("audit", { post });
    expect(await open.run()).toBe("result");
    const closed = world();
    closed.enter("audit", { post }, { failure: "closed" });
    expect(await code(closed.run())).toEqual(["hook.failed", "Hook audit at example.rename failed: too late"]);
  });

  it("never hides the failure of the method", async () => {
    const { hooks, enter } = world();
    enter("audit", { error: () => Promise.reject(new Error("and this too")) }, { failure: "closed" });
    const running = hooks.run(point, context, {}, async () => {
      throw new Error("the method's own");
    });
    await expect(running).rejects.toThrow("the method's own");
  });

  it("fails by its time limit when it never settles", async () => {
    const { enter, run } = world();
    enter("stuck", { pre: () => new Promise(() => {}) }, { timeLimit: "5ms" });
    expect(await code(run())).toEqual(["hook.failed", "Hook stuck at example.rename failed: it took more than 5 ms"]);
  });
});

describe("a hook", () => {
  it("is made once, at the first call", async () => {
    const { hooks, run } = world();
    let made = 0;
    hooks.enter("lazy", { point: point.name }, async () => {
      made += 1;
      return {};
    });
    expect(made).toBe(0);
    await Promise.all([run(), run()]);
    await run();
    expect(made).toBe(1);
  });

  it("that could not be made is tried again at the next call", async () => {
    const { hooks, run } = world();
    let tries = 0;
    hooks.enter("late", { point: point.name }, async () => {
      tries += 1;
      if (tries === 1) throw new Error("not yet");
      return {};
    });
    expect(await code(run())).toEqual(["hook.failed", "Hook late at example.rename failed: not yet"]);
    expect(await run()).toBe("result");
  });

  it("is counted and timed, for what it has", async () => {
    const { hooks, enter, run } = world();
    enter("counted", { pre: () => undefined, post: () => Promise.reject(new Error("broken")) });
    await run();
    await run();
    const [entered] = hooks.at(point.name);
    expect(entered?.count).toMatchObject({ runs: 4, failures: 2 });
    expect(entered?.count.time).toBeGreaterThan(0);
    expect(hooks.points()).toEqual([point.name]);
  });
});
