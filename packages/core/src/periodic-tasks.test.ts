import { duration, optionGroup } from "@kilonova/config";
import type { RequestContext } from "@kilonova/messaging";
import { periodicTask } from "@kilonova/plugin-api";
import { FakeClock } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { PeriodicTasks } from "./periodic-tasks.js";
import { configurationOf } from "./testing/configuration.js";
import { Gate } from "./testing/gate.js";
import { type LogLine, recordingLogger } from "./testing/recording-logger.js";

const tickOptions = optionGroup(
  "tick",
  z.object({
    every: duration("20s").describe("How often."),
    word: z.string().default("no duration").describe("A word."),
  }),
);

async function world(object: object, tick: Record<string, unknown> = {}) {
  const clock = new FakeClock();
  const lines: LogLine[] = [];
  const configuration = await configurationOf({ tick });
  configuration.register(tickOptions);
  const tasks = new PeriodicTasks(object, configuration, clock, recordingLogger(lines));
  return { clock, tasks, lines };
}

describe("periodic tasks", () => {
  it("run after each interval, or at once and then after each", async () => {
    const runs = { later: 0, atOnce: 0 };
    class Ticking {
      @periodicTask({ every: "10s" }) async later(_context: RequestContext) {
        runs.later += 1;
      }
      @periodicTask({ every: "10s", runImmediately: true }) async atOnce(_context: RequestContext) {
        runs.atOnce += 1;
      }
    }
    const { clock, tasks } = await world(new Ticking());
    tasks.start();
    await clock.advance(9_999);
    expect(runs).toEqual({ later: 0, atOnce: 1 });
    await clock.advance(1);
    expect(runs).toEqual({ later: 1, atOnce: 2 });
    await clock.advance(20_000);
    expect(runs).toEqual({ later: 3, atOnce: 4 });
    await tasks.stop();
    await clock.advance(60_000);
    expect(runs).toEqual({ later: 3, atOnce: 4 });
  });

  it("never overlap themselves nor keep one another waiting: the interval begins when a run ends", async () => {
    const gate = new Gate();
    let slow = 0;
    let quick = 0;
    class Slow {
      @periodicTask({ every: "10s" }) async crawl(_context: RequestContext) {
        slow += 1;
        if (slow === 1) await gate.promise;
      }
      @periodicTask({ every: "10s" }) async hop(_context: RequestContext) {
        quick += 1;
      }
    }
    const { clock, tasks } = await world(new Slow());
    tasks.start();
    await clock.advance(65_000);
    expect([slow, quick]).toEqual([1, 6]);
    gate.resolve();
    await clock.advance(9_000);
    expect(slow).toBe(1);
    await clock.advance(1_000);
    expect(slow).toBe(2);
    await tasks.stop();
  });

  it("go on after a failure, which is logged with their name and counted", async () => {
    class Failing {
      @periodicTask({ every: "10s" }) async sweep(_context: RequestContext) {
        throw new Error("no broom");
      }
    }
    const { clock, tasks, lines } = await world(new Failing());
    tasks.start();
    await clock.advance(30_000);
    expect(tasks.counts().get("sweep")).toEqual({ runs: 3, failures: 3 });
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({ level: "error", fields: { task: "sweep", error: "no broom" } });
    await tasks.stop();
  });

  class ByOption {
    runs = 0;
    @periodicTask({ every: "option:tick.every" }) async sweep(_context: RequestContext) {
      this.runs += 1;
    }
  }

  it("take their interval from an option", async () => {
    const object = new ByOption();
    const { clock, tasks } = await world(object);
    tasks.start();
    await clock.advance(60_000);
    expect(object.runs).toBe(3);
    await tasks.stop();
  });

  it("do not run where the option is 0", async () => {
    const object = new ByOption();
    const { clock, tasks } = await world(object, { every: 0 });
    tasks.start();
    await clock.advance(600_000);
    expect(object.runs).toBe(0);
    expect(clock.sleeping).toBe(0);
    await tasks.stop();
  });

  it("name the option that is no interval", async () => {
    class Misled {
      @periodicTask({ every: "option:tick.word" }) async sweep(_context: RequestContext) {}
    }
    await expect(world(new Misled())).rejects.toThrow("Periodic task sweep takes its interval from option:tick.word");
  });

  it("are told by their signal when the service stops, which waits for them", async () => {
    const begun = new Gate();
    let hasEnded = false;
    class Waiting {
      @periodicTask({ every: "10s", runImmediately: true }) async wait({ signal }: RequestContext) {
        begun.resolve();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        hasEnded = true;
        throw signal.reason;
      }
    }
    const { tasks, lines } = await world(new Waiting());
    tasks.start();
    await begun.promise;
    await tasks.stop();
    expect(hasEnded).toBe(true);
    expect(lines).toEqual([]);
    expect(tasks.counts().get("wait")).toEqual({ runs: 1, failures: 0 });
  });

  it("are told by their signal, and named, when their time limit is over", async () => {
    const aborted = new Gate();
    class Endless {
      @periodicTask({ every: "10s", runImmediately: true, timeLimit: "5ms" }) async wait({ signal }: RequestContext) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        aborted.resolve();
        throw new Error("gave up");
      }
    }
    const { tasks, lines } = await world(new Endless());
    tasks.start();
    await aborted.promise;
    await tasks.stop();
    expect(lines[0]).toMatchObject({ level: "warn", fields: { task: "wait", timeLimit: "5ms" } });
  });

  it("of a base class run once, by the method that overrides", async () => {
    class Base {
      runs: string[] = [];
      @periodicTask({ every: "10s" }) async sweep(_context: RequestContext) {
        this.runs.push("base");
      }
    }
    class Derived extends Base {
      @periodicTask({ every: "20s" }) override async sweep(_context: RequestContext) {
        this.runs.push("derived");
      }
    }
    const object = new Derived();
    const { clock, tasks } = await world(object);
    tasks.start();
    await clock.advance(40_000);
    expect(object.runs).toEqual(["derived", "derived"]);
    await tasks.stop();
  });
});
