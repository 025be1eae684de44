import { isKilonovaError, RequestContext } from "@kilonova/messaging";
import type { Hook, HookEntry, HookEvent } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type LogLine, recordingLogger } from "../testing/recording-logger.js";
import type { HookPoint } from "./hook-points.js";
import { Hooks } from "./hooks.js";

const point: HookPoint = { name: "example.rename", version: "1.1", stability: "internal", amendable: ["name"] };
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

  it("of anything else is a failure that names the hook, the property and what may be amended", async () => {
    const { enter, run, seen } = world();
    enter("greedy", { pre: () => ({ amend: { name: "two", owner: "me" } }) });
    expect(await code(run())).toEqual([
      "hook.failed",
      "Hook greedy at example.rename failed: it amends owner, where name may be amended",
    ]);
    expect(seen).toEqual([]);
  });

  it("that is not allowed is left out where the hook is open", async () => {
    const { enter, run, seen, lines } = world();
    enter("greedy", { pre: () => ({ amend: { name: "two", owner: "me" } }) }, { failure: "open" });
    expect(await run()).toBe("result");
    expect(seen).toEqual(['method {"name":"one"}']);
    expect(lines).toMatchObject([{ level: "warn", fields: { hook: "greedy" } }]);
  });

  it("that breaks the point's payload is refused", async () => {
    const { enter, run } = world();
    enter("clumsy", { pre: () => ({ amend: { name: 7 } }) });
    const [kind, words] = await code(run({ name: "one" }, { ...point, payload: z.object({ name: z.string() }) }));
    expect(kind).toBe("hook.failed");
    expect(words).toContain("Hook clumsy at example.rename failed: it amends name so that it is wrong");
  });

  it("is no longer the hook's when the method gets it", async () => {
    const { hooks, enter } = world();
    const labels = { mine: "yes" };
    enter("keeping", { pre: () => ({ amend: { labels } }) });
    const labelled = {
      ...point,
      amendable: ["labels"],
      payload: z.object({ labels: z.record(z.string(), z.string()) }),
    };
    const given = await hooks.run(labelled, context, { labels: {} }, async (payload) => payload);
    labels.mine = "changed behind its back";
    expect(given).toEqual({ labels: { mine: "yes" } });
  });
});

describe("a point that declares its payload and result", () => {
  const declared: HookPoint = {
    ...point,
    payload: z.object({ server: z.object({ id: z.string() }) }),
    result: z.object({ host: z.string() }),
  };

  it("shows hooks what it declares, and gives the method all", async () => {
    const { hooks, enter } = world();
    const shown: unknown[] = [];
    enter("watching", {
      pre: ({ payload }) => void shown.push(payload),
      post: ({ payload }, result) => void shown.push(payload, result),
    });
    const secret = { server: { id: "s1", userData: "secret" }, fence: 7 };
    const answer = { host: "h1", token: "secret" };
    const result = await hooks.run(declared, context, secret, async (payload) => {
      shown.push(payload);
      return answer;
    });
    expect(result).toBe(answer);
    expect(shown).toEqual([{ server: { id: "s1" } }, secret, { server: { id: "s1" } }, { host: "h1" }]);
  });

  it("runs nothing with a payload that is none of its kind", async () => {
    const { hooks, enter, seen } = world();
    enter("a", chatty("a", seen));
    const running = hooks.run(declared, context, { server: "s1" }, async () => seen.push("method"));
    expect((await code(running))[1]).toContain(
      "What is passed at hook point example.rename is not what it declares, at server",
    );
    expect(seen).toEqual([]);
  });

  it("shows a result that is none of its kind as it is: the work is done", async () => {
    const { hooks, enter } = world();
    const results: unknown[] = [];
    enter("a", { post: (_event, result) => void results.push(result) });
    await hooks.run(declared, context, { server: { id: "s1" } }, async () => ({ port: 7 }));
    expect(results).toEqual([{ port: 7 }]);
  });
});

describe("what a hook is told of the result", () => {
  it("is frozen: the caller gets what the method answered", async () => {
    const { hooks, enter } = world();
    enter("meddling", { post: (_event, result) => void Object.assign(result as object, { host: "other" }) });
    expect(await hooks.run(point, context, {}, async () => ({ host: "h1" }))).toEqual({ host: "h1" });
    expect(hooks.counts()).toMatchObject([{ hook: "meddling", failures: 1 }]);
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

  it("in an open pre gets neither post nor error of that call: it has begun nothing", async () => {
    const { hooks, enter, run, seen } = world();
    enter("audit", { ...chatty("audit", seen), ...failing }, { failure: "open" });
    await run();
    const broken = hooks.run(point, context, {}, () => Promise.reject(new Error("broken")));
    await expect(broken).rejects.toThrow("broken");
    expect(seen).toEqual(['method {"name":"one"}']);
  });

  it("in a closed post keeps no other from hearing of the end", async () => {
    const { enter, run, seen } = world();
    enter("a", chatty("a", seen));
    enter("audit", { post: () => Promise.reject(new Error("too late")) }, { failure: "closed" });
    expect(await code(run())).toEqual(["hook.failed", "Hook audit at example.rename failed: too late"]);
    expect(seen).toEqual(["pre a", 'method {"name":"one"}', "post a result"]);
  });

  it.each([
    ["a word", "no", '"no"'],
    ["null", null, "null"],
    ["a veto without words", { veto: " " }, "an object with veto"],
    ["a veto by true", { veto: true }, "an object with veto"],
    ["an amendment of nothing it can name", { amend: ["name"] }, "an object with amend"],
    ["something else", { deny: "no" }, "an object with deny"],
  ])("answers %s", async (_what, answer, shown) => {
    const { enter, run, seen } = world();
    enter("odd", { pre: () => answer as never });
    expect(await code(run())).toEqual([
      "hook.failed",
      `Hook odd at example.rename failed: expected nothing, { veto: words } or { amend: changes } of its pre, received ${shown}`,
    ]);
    expect(seen).toEqual([]);
  });

  it("never hides the failure of the method", async () => {
    const { hooks, enter } = world();
    enter("audit", { error: () => Promise.reject(new Error("and this too")) }, { failure: "closed" });
    const running = hooks.run(point, context, {}, async () => {
      throw new Error("the method's own");
    });
    await expect(running).rejects.toThrow("the method's own");
    expect(hooks.counts()).toMatchObject([{ hook: "audit", failures: 1 }]);
  });

  it("hears of a veto behind it without hiding it", async () => {
    const { enter, run, lines } = world();
    enter("audit", { error: () => Promise.reject(new Error("and this too")) }, { failure: "closed" });
    enter("guard", { pre: () => ({ veto: "Not on Sundays." }) });
    expect(await code(run())).toEqual(["hook.vetoed", "Not on Sundays."]);
    expect(lines).toMatchObject([{ fields: { hook: "audit", step: "error", error: "and this too" } }]);
  });

  it.each(["pre", "post"] as const)("fails by its time limit when its %s never settles", async (step) => {
    const { hooks, enter, run } = world();
    enter("stuck", { [step]: () => new Promise(() => {}) }, { timeLimit: "5ms", failure: "closed" });
    expect(await code(run())).toEqual(["hook.failed", "Hook stuck at example.rename failed: it took more than 5 ms"]);
    expect(hooks.counts()).toMatchObject([{ hook: "stuck", runs: 1, failures: 1, timeouts: 1 }]);
  });

  it("by its time limit is named where it is open, and the others run", async () => {
    const { enter, run, lines, seen } = world();
    enter("stuck", { pre: () => new Promise(() => {}) }, { timeLimit: "5ms", failure: "open" });
    enter("a", chatty("a", seen));
    expect(await run()).toBe("result");
    expect(lines).toMatchObject([{ level: "warn", fields: { hook: "stuck", error: "it took more than 5 ms" } }]);
    expect(seen).toEqual(["pre a", 'method {"name":"one"}', "post a result"]);
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

  it("is not made for a step that it cannot have: one that cannot be made keeps no method from running", async () => {
    const { hooks, run, lines, seen } = world();
    const make = async () => {
      throw new Error("no disk");
    };
    const forecast = { steps: new Set(["post"] as const), check: () => {} };
    hooks.enter("audit", { point: point.name }, make, forecast);
    expect(await run()).toBe("result");
    expect(seen).toHaveLength(1);
    expect(lines).toMatchObject([{ level: "warn", fields: { hook: "audit", step: "post", error: "no disk" } }]);
  });

  it("is counted and timed at its point, for what it has", async () => {
    const { hooks, enter, run } = world();
    enter("counted", { pre: () => undefined, post: () => Promise.reject(new Error("broken")) });
    enter("guard", {
      pre: ({ payload }) => ((payload as { name: string }).name === "bad" ? { veto: "No." } : undefined),
    });
    enter("silent", {});
    await run();
    await run();
    await run({ name: "bad" }).catch(() => {});
    expect(hooks.counts()).toMatchObject([
      { point: "example.rename", hook: "counted", runs: 5, vetoes: 0, failures: 2, timeouts: 0 },
      { point: "example.rename", hook: "guard", runs: 3, vetoes: 1, failures: 0 },
      { point: "example.rename", hook: "silent", runs: 0 },
    ]);
    const [counted] = hooks.counts();
    expect(counted?.longest).toBeGreaterThan(0);
    expect(counted?.time).toBeGreaterThanOrEqual(counted?.longest ?? 0);
    expect(hooks.points()).toEqual([point.name]);
  });
});

describe("the summary of a process", () => {
  it("has a line for each point where something ran, or should have", async () => {
    const { hooks, enter, run, lines, seen } = world();
    enter("a", chatty("a", seen));
    enter("b", { pre: () => ({ veto: "No." }) });
    hooks.enter("idle", { point: "server.create" }, async () => ({}));
    hooks.enter("unmade", { point: "server.delete", failure: "open" }, () => Promise.reject(new Error("no such file")));
    await run().catch(() => {});
    await hooks.run({ ...point, name: "server.delete" }, context, {}, async () => {});
    lines.length = 0;
    hooks.logSummary();
    expect(lines).toMatchObject([
      { level: "info", fields: { point: "example.rename", hooks: ["a", "b"], runs: 3, vetoes: 1, failures: 0 } },
      { level: "info", fields: { point: "server.delete", hooks: ["unmade"], runs: 0, failures: 1 } },
    ]);
    expect(lines.map(({ fields }) => fields)).toEqual(hooks.summary());
  });
});

describe("an entry at a point that nobody knows", () => {
  it("is warned of, with what was probably meant", () => {
    const { hooks, lines } = world();
    hooks.enter("typo", { point: "server.craete" }, async () => ({}));
    hooks.enter("right", { point: "compute.buildServer" }, async () => ({}));
    hooks.warnOfUnknownPoints();
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      [
        "warn",
        "hook typo: no hook point server.craete is known here, so that it never runs; did you mean server.create?",
      ],
    ]);
  });

  it("is mentioned at debug alone where its subject is that of a service which runs elsewhere", () => {
    const { hooks, lines } = world();
    hooks.enter("foreign", { point: "billing.charge" }, async () => ({}));
    hooks.warnOfUnknownPoints();
    expect(lines).toMatchObject([
      { level: "debug", message: "hook foreign: no hook point billing.charge is known here, so that it never runs" },
    ]);
  });

  it("is fine once something that has the point is there", () => {
    const { hooks, lines } = world();
    hooks.enter("right", { point: point.name }, async () => ({}));
    hooks.known.add([point]);
    hooks.warnOfUnknownPoints();
    expect(lines).toEqual([]);
  });
});
