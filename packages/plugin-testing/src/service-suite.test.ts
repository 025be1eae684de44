import {
  endpoint,
  type Handlers,
  hook,
  Manager,
  manager,
  method,
  periodicTask,
  RequestContext,
  rpcContract,
  rpcMethod,
} from "@kilonova/plugin-api";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type SampleCall, serviceSuite } from "./service-suite.js";
import { failingNames } from "./testing/failing-checks.js";

const counterContract = rpcContract("counter", "1.0", {
  add: method({ args: z.object({ amount: z.number().int() }), result: z.number().int() }),
  clear: method({}),
});
const sideContract = rpcContract("side", "1.0", { look: method({ result: z.string() }) }, { topic: "counter" });

@endpoint(sideContract)
class Side implements Handlers<typeof sideContract> {
  @rpcMethod()
  async look(_context: RequestContext) {
    return "here";
  }
}

/** A good one; what is wrong with one is said by what it overrides. */
@manager(counterContract)
class Counter extends Manager implements Handlers<typeof counterContract> {
  override readonly additionalEndpoints: readonly object[] = [new Side()];
  protected total = 0;
  #isOpen = false;

  override async initHost(_context: RequestContext): Promise<void> {
    this.#isOpen = true;
  }

  override async cleanupHost(_context: RequestContext): Promise<void> {
    this.#isOpen = false;
  }

  @rpcMethod()
  @hook("counter.add", {})
  async add(_context: RequestContext, { amount }: { amount: number }): Promise<number> {
    if (!this.#isOpen) throw new Error("closed");
    this.total += amount;
    return this.total;
  }

  @rpcMethod()
  async clear(_context: RequestContext): Promise<void> {
    this.total = 0;
  }

  @periodicTask({ every: "1m", jitter: "1s" })
  async tidy(_context: RequestContext): Promise<void> {}
}

@manager(counterContract)
class Unmarked extends Manager implements Handlers<typeof counterContract> {
  @rpcMethod()
  async add(_context: RequestContext, { amount }: { amount: number }): Promise<number> {
    return amount;
  }
  async clear(_context: RequestContext): Promise<void> {}
}

class Surplus extends Counter {
  @rpcMethod()
  async secret(_context: RequestContext): Promise<void> {}
}

class Touchy extends Counter {
  #isDone = false;
  override async cleanupHost(context: RequestContext): Promise<void> {
    if (this.#isDone) throw new Error("cleaned up already");
    this.#isDone = true;
    await super.cleanupHost(context);
  }
}

class Hanging extends Counter {
  override postStartHook(): Promise<void> {
    return new Promise(() => {});
  }
}

class Startled extends Counter {
  override async tidy({ signal }: RequestContext): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) await new Promise(() => {});
  }
}

class Deaf extends Counter {
  override tidy(_context: RequestContext): Promise<void> {
    return new Promise(() => {});
  }
}

class Misspoken extends Counter {
  override async add(): Promise<number> {
    return 0.5;
  }
}

class Misnamed extends Counter {
  @rpcMethod()
  @hook("counter.cleared", {})
  override async clear(): Promise<void> {}
}

class Elsewhere extends Counter {
  override readonly additionalEndpoints: readonly object[] = [{}];
}

class Sulking extends Counter {
  override async periodicTasks(): Promise<number> {
    return Number.NaN;
  }
}

const calls: readonly SampleCall[] = [
  { method: "clear" },
  { method: "add", args: { amount: 2 } },
  { method: "add", args: { amount: 3 }, context: new RequestContext() },
];

function suite(Class: new () => Manager) {
  return serviceSuite(counterContract, async () => ({ manager: new Class(), calls, end: async () => {} }));
}

const STARTS = [
  "it starts, answers, and stops",
  "what its contract does not allow never reaches it",
  "a reset does no harm, once or twice",
  "it cleans up after a start, and again",
  "each periodic task runs, and again",
  "each periodic task ends by its signal",
  "its tasks are run when the service says so, and it says when it wants to be asked again",
];
const ANSWERS = [
  "it starts, answers, and stops",
  "a reset does no harm, once or twice",
  "each periodic task runs, and again",
];

describe("the service suite", () => {
  for (const check of suite(Counter)) it(`passes a good manager: ${check.name}`, check.run);

  describe("with the time that a check waits for what never comes cut short", () => {
    beforeEach(() => {
      const setTimeout = globalThis.setTimeout;
      vi.stubGlobal("setTimeout", (work: () => void, delay: number) => setTimeout(work, delay / 3));
    });
    afterEach(() => vi.unstubAllGlobals());

    it.each<[string, new () => Manager, readonly string[]]>([
      [
        "has left a method unmarked",
        Unmarked,
        [
          "it answers its contract: each method is marked, and nothing else",
          "it starts, answers, and stops",
          "what its contract does not allow never reaches it",
          "a reset does no harm, once or twice",
          "each periodic task runs, and again",
        ],
      ],
      ["answers more than its contract", Surplus, ["it answers its contract: each method is marked, and nothing else"]],
      ["can be cleaned up but once", Touchy, ["it cleans up after a start, and again"]],
      ["never gets through its start", Hanging, STARTS],
      ["has a periodic task that its signal brings to a halt", Startled, ["each periodic task ends by its signal"]],
      [
        "has a periodic task that never ends",
        Deaf,
        ["each periodic task runs, and again", "each periodic task ends by its signal"],
      ],
      ["answers what its contract does not say", Misspoken, ANSWERS],
      ["calls a hook point otherwise", Misnamed, ["what its marks name is there: periodic tasks, hook points, locks"]],
      [
        "has an endpoint that is none",
        Elsewhere,
        ["it answers its contract: each method is marked, and nothing else", ...STARTS],
      ],
      [
        "does not say when it wants to be asked again",
        Sulking,
        ["its tasks are run when the service says so, and it says when it wants to be asked again"],
      ],
    ])("fails one that %s", async (_, Class, names) => {
      expect(await failingNames(suite(Class))).toEqual(names);
    });
  });
});
