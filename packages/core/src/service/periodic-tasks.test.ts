import { duration, optionGroup } from "@kilonova/config";
import type { RequestContext } from "@kilonova/messaging";
import { type DueTasks, lockFence, Manager, periodicTask } from "@kilonova/plugin-api";
import { FakeClock } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { memoryState } from "../state/memory-state.js";
import { configurationOf } from "../testing/configuration.js";
import { Gate } from "../testing/gate.js";
import { type LogLine, recordingLogger } from "../testing/recording-logger.js";
import type { PeriodicWorld } from "./periodic-task.js";
import { PeriodicTasks } from "./periodic-tasks.js";

const tickOptions = optionGroup(
  "tick",
  z.object({
    every: duration("20s").describe("How often."),
    word: z.string().default("no duration").describe("A word."),
  }),
);

async function world(
  manager: Manager,
  tick: Record<string, unknown> = {},
  changes: (clock: FakeClock) => Partial<PeriodicWorld> = () => ({}),
) {
  const clock = new FakeClock();
  const lines: LogLine[] = [];
  const configuration = await configurationOf({ tick });
  configuration.register(tickOptions);
  const { locks } = memoryState(clock);
  const own = { configuration, clock, logger: recordingLogger(lines), locks: () => locks };
  const tasks = new PeriodicTasks(manager, { ...own, topic: "tick", interval: 60_000, ...changes(clock) });
  return { clock, tasks, lines };
}

describe("periodic tasks", () => {
  it("run after each interval, or at once and then after each", async () => {
    const runs = { later: 0, atOnce: 0 };
    class Ticking extends Manager {
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
    class Slow extends Manager {
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
    class Failing extends Manager {
      @periodicTask({ every: "10s" }) async sweep(_context: RequestContext) {
        throw new Error("no broom");
      }
    }
    const { clock, tasks, lines } = await world(new Failing());
    tasks.start();
    await clock.advance(30_000);
    expect(tasks.counts().get("sweep")).toMatchObject({
      lastEnd: clock.now(),
      runs: 3,
      failures: 3,
      overdue: 0,
      leftToOthers: 0,
    });
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({
      level: "error",
      fields: { task: "sweep", manager: "Failing", error: "no broom" },
    });
    await tasks.stop();
  });

  it("run on when the clock is set back by much more than their interval", async () => {
    let runs = 0;
    class Steady extends Manager {
      @periodicTask({ every: "10s", jitter: "1s" }) async sweep(_context: RequestContext) {
        runs += 1;
      }
    }
    let behind = 0;
    const { clock, tasks } = await world(new Steady(), {}, (real) => ({
      random: () => 0,
      clock: { now: () => real.now() - behind, sleep: (time, signal) => real.sleep(time, signal) },
    }));
    tasks.start();
    await clock.advance(15_000);
    expect(runs).toBe(1);
    behind = 3_600_000;
    await clock.advance(60_000);
    expect(runs).toBeGreaterThanOrEqual(6);
    await tasks.stop();
  });

  class ByOption extends Manager {
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
    expect([...tasks.counts().keys()]).toEqual([]);
    await tasks.stop();
    expect(clock.sleeping).toBe(0);
  });

  it("name the option that is no interval", async () => {
    class Misled extends Manager {
      @periodicTask({ every: "option:tick.word" }) async sweep(_context: RequestContext) {}
    }
    await expect(world(new Misled())).rejects.toThrow("Periodic task sweep takes its interval from option:tick.word");
  });

  it("are told by their signal when the service stops, which waits for them", async () => {
    const begun = new Gate();
    let hasEnded = false;
    class Waiting extends Manager {
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
    expect(tasks.counts().get("wait")).toMatchObject({ runs: 1, failures: 0 });
  });

  it("are told by their signal, and named, when their time limit is over", async () => {
    const aborted = new Gate<unknown>();
    class Endless extends Manager {
      @periodicTask({ every: "10s", runImmediately: true, timeLimit: "5s" }) async wait({ signal }: RequestContext) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        aborted.resolve(signal.reason);
        throw new Error("gave up");
      }
    }
    const { clock, tasks, lines } = await world(new Endless());
    tasks.start();
    await clock.advance(4_999);
    expect(lines).toEqual([]);
    await clock.advance(1);
    expect(await aborted.promise).toMatchObject({ name: "TimeoutError" });
    await tasks.stop();
    expect(lines).toMatchObject([
      { level: "warn", fields: { task: "wait", manager: "Endless", timeLimit: "5s" } },
      { level: "error", fields: { task: "wait", error: "gave up" } },
    ]);
    expect(tasks.counts().get("wait")).toMatchObject({ runs: 1, failures: 1, overdue: 1, leftToOthers: 0 });
  });

  it("that ignore their time limit, 10 minutes where none is said, are named again, and keep no other", async () => {
    let hops = 0;
    class Stuck extends Manager {
      @periodicTask({ every: "10s", runImmediately: true }) async hang(_context: RequestContext) {
        await new Promise(() => {});
      }
      @periodicTask({ every: "1m" }) async hop(_context: RequestContext) {
        hops += 1;
      }
    }
    const { clock, tasks, lines } = await world(new Stuck());
    tasks.start();
    await clock.advance(1_800_000);
    expect(lines.map(({ fields }) => [fields["task"], fields["timeLimit"], fields["passed"]])).toEqual([
      ["hang", "10m", 600_000],
      ["hang", "10m", 1_200_000],
      ["hang", "10m", 1_800_000],
    ]);
    expect(tasks.counts().get("hang")).toMatchObject({ runs: 1, overdue: 1 });
    expect([hops, tasks.running()]).toEqual([30, ["hang"]]);
  });

  it("of a base class run once, by the method that overrides", async () => {
    class Base extends Manager {
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

describe("the jitter of a periodic task", () => {
  it("is added to each wait, the first too, but not to a run at once", async () => {
    const at: number[] = [];
    class Shaking extends Manager {
      @periodicTask({ every: "10s", jitter: "4s" }) async shake(_context: RequestContext) {
        at.push(clock.now() - start);
      }
      @periodicTask({ every: "30s", jitter: "4s", runImmediately: true }) async atOnce(_context: RequestContext) {
        at.push(clock.now() - start);
      }
    }
    const { clock, tasks } = await world(new Shaking(), {}, () => ({ random: () => 0.5 }));
    const start = clock.now();
    tasks.start();
    await clock.advance(40_000);
    expect(at).toEqual([0, 12_000, 24_000, 32_000, 36_000]);
    await tasks.stop();
  });
});

describe("the loop of periodic tasks", () => {
  /** Tells when it is called, and answers what a test says. */
  class Asked extends Manager {
    readonly calls: number[] = [];
    ticks = 0;
    constructor(private readonly answer: (call: number, due: () => number) => number | Promise<number>) {
      super();
    }
    override async periodicTasks(context: RequestContext, due: DueTasks): Promise<number> {
      this.calls.push(0);
      return this.answer(this.calls.length, () => due.run(context));
    }
    @periodicTask({ every: "7s" }) async tick(_context: RequestContext) {
      this.ticks += 1;
    }
  }

  it("asks the manager whenever a task is due, and after service.periodicInterval at the latest", async () => {
    class Idle extends Asked {
      override async tick(_context: RequestContext) {
        this.ticks += 1;
      }
      @periodicTask({ every: "1h" }) async seldom(_context: RequestContext) {}
    }
    const manager = new Idle((_, due) => due());
    const { clock, tasks } = await world(manager, {}, () => ({ interval: 5_000 }));
    tasks.start();
    await clock.advance(35_000);
    // At 0, 5, 7, 12, 14, 19, 21, 26, 28, 33 and 35 s, and again whenever a run at 7, 14, … has ended.
    expect(manager.ticks).toBe(5);
    expect(manager.calls.length).toBe(11);
    await tasks.stop();
  });

  it("asks again when the manager wants it, though nothing is due", async () => {
    const manager = new Asked((_, due) => Math.min(due(), 1_000));
    const { clock, tasks } = await world(manager);
    tasks.start();
    await clock.advance(6_500);
    expect(manager.calls.length).toBe(7);
    await tasks.stop();
  });

  it("runs nothing that the manager holds back", async () => {
    const manager = new Asked((call, due) => (call < 3 ? 20_000 : due()));
    const { clock, tasks } = await world(manager);
    tasks.start();
    await clock.advance(39_999);
    expect(manager.ticks).toBe(0);
    await clock.advance(1);
    expect(manager.ticks).toBe(1);
    await tasks.stop();
  });

  it.each([
    ["throws", () => Promise.reject(new Error("no time"))],
    [
      "throws before it returns a promise",
      () => {
        throw new Error("no time");
      },
    ],
  ])("goes on when the manager %s: it is named, and asked again after longer and longer waits", async (_, fail) => {
    const manager = new Asked((call, due) => (call <= 4 ? fail() : due()));
    const { clock, tasks, lines } = await world(manager);
    tasks.start();
    await clock.advance(14_999);
    expect(manager.calls.length).toBe(4);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatchObject({ level: "error", fields: { manager: "Asked", error: "no time" } });
    await clock.advance(7_001);
    expect(manager.ticks).toBe(2);
    await tasks.stop();
  });

  it("goes on when the manager never settles, and says so", async () => {
    const manager = new Asked((call, due) => (call === 1 ? new Promise(() => {}) : due()));
    const { clock, tasks, lines } = await world(manager);
    tasks.start();
    await clock.advance(61_000);
    expect(lines).toMatchObject([{ fields: { manager: "Asked", error: "it has not settled for 60000 ms" } }]);
    expect(manager.ticks).toBe(1);
    await tasks.stop();
  });

  it.each([Number.NaN, -5, 0, undefined as unknown as number])(
    "does not spin when the manager answers %s",
    async (answer) => {
      const manager = new Asked(() => answer);
      const { clock, tasks } = await world(manager);
      tasks.start();
      await clock.advance(1_000);
      expect(manager.calls.length).toBeLessThanOrEqual(101);
      await tasks.stop();
    },
  );

  it("ends at once, whatever the manager is at", async () => {
    const { clock, tasks, lines } = await world(new Asked(() => new Promise(() => {})));
    tasks.start();
    await clock.advance(1_000);
    await tasks.stop();
    expect([lines, clock.sleeping]).toEqual([[], 0]);
  });
});

describe("a periodic task that runs once in the cluster", () => {
  /** Services of one topic over one table of locks. */
  async function cluster(count: number, work: (service: number, context: RequestContext) => Promise<void>) {
    const clock = new FakeClock();
    const { locks } = memoryState(clock);
    const lines: LogLine[] = [];
    const configuration = await configurationOf();
    const services = Array.from({ length: count }, (_, service) => {
      class Cleaning extends Manager {
        @periodicTask({ every: "1m", jitter: "6s", once: "cluster", timeLimit: "2m" })
        async clean(context: RequestContext) {
          await work(service, context);
        }
      }
      const random = () => service / count;
      const own = { configuration, clock, logger: recordingLogger(lines), locks: () => locks, random };
      return new PeriodicTasks(new Cleaning(), { ...own, topic: "tick", interval: 60_000 });
    });
    for (const service of services) service.start();
    const stop = () => Promise.all(services.map((service) => service.stop()));
    return { clock, locks, lines, services, stop };
  }

  it("is run by one service in each interval, and left to it by the others", async () => {
    const runs: number[] = [];
    const { clock, services, stop } = await cluster(3, async (service) => {
      runs.push(service);
    });
    await clock.advance(10 * 60_000);
    expect(runs).toEqual(Array(10).fill(0));
    const [first, second] = services.map((service) => service.counts().get("clean"));
    expect(first).toMatchObject({ runs: 10, leftToOthers: 0 });
    expect(second).toMatchObject({ runs: 0, leftToOthers: 9 });
    await stop();
  });

  it("is taken over when the service that ran it has stopped or died", async () => {
    const runs: number[] = [];
    const { clock, services, stop } = await cluster(2, async (service) => {
      runs.push(service);
    });
    await clock.advance(2 * 60_000);
    await services[0]?.stop();
    await clock.advance(5 * 60_000);
    expect(runs.slice(0, 2)).toEqual([0, 0]);
    expect(runs.slice(2).length).toBeGreaterThanOrEqual(3);
    expect(runs.slice(2).every((service) => service === 1)).toBe(true);
    await stop();
  });

  it("never runs twice at a time, however long it takes, and has a higher fence when another runs it", async () => {
    const fences: (number | undefined)[] = [];
    let running = 0;
    let most = 0;
    let isLong = true;
    const { clock, services, stop } = await cluster(2, async (service, context) => {
      fences.push(lockFence(context));
      running += 1;
      most = Math.max(most, running);
      if (isLong) await clock.sleep(100_000);
      running -= 1;
      if (service === 1) isLong = false;
    });
    await clock.advance(300_000);
    const stopped = services[0]?.stop();
    await clock.advance(300_000);
    await stopped;
    expect(most).toBe(1);
    expect(fences.at(0)).toBe(1);
    expect(fences.at(-1)).toBeGreaterThan(1);
    await stop();
  });

  it("that ignores its time limit is left to others: its lock runs out", async () => {
    const runs: number[] = [];
    const { clock, lines, stop } = await cluster(2, async (service) => {
      runs.push(service);
      if (service === 0) await new Promise(() => {});
    });
    await clock.advance(60_000 + 120_000 + 30_000 + 66_000);
    expect(runs).toContain(1);
    expect(lines).toMatchObject([{ level: "warn", fields: { task: "clean" } }]);
    void stop();
  });

  it("fails, and is tried again after its interval, when nobody can be asked for the lock", async () => {
    const { clock, locks, lines, services, stop } = await cluster(1, async () => {});
    const acquire = locks.acquire;
    locks.acquire = async () => {
      throw new Error("no conductor");
    };
    await clock.advance(60_000);
    expect(lines).toMatchObject([{ level: "error", fields: { task: "clean", error: "no conductor" } }]);
    locks.acquire = acquire;
    await clock.advance(60_000);
    expect(services[0]?.counts().get("clean")).toMatchObject({ runs: 1, failures: 1 });
    await stop();
  });
});
