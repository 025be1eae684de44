import { HostFilter, type HostState, type HostVerdict, silentLogger } from "@kilonova/plugin-api";
import { FakeClock, sampleHost, sampleRequest } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { GuardedFilter } from "./guarded-filter.js";
import { PluginGuard, type PluginRules } from "./plugin-guard.js";

const hosts = ["a", "b", "c"].map((host) => sampleHost({ host }));
const many = ["a", "b", "c", "d", "e", "f", "g", "h"].map((host) => sampleHost({ host }));

/** A filter of a test, as one in plain JavaScript may be. */
class Given extends HostFilter {
  constructor(private readonly answer: (host: HostState) => unknown) {
    super();
  }

  override hostPasses(host: HostState): HostVerdict {
    return this.answer(host) as HostVerdict;
  }
}

function guarded(filter: HostFilter, rules: Partial<PluginRules> = {}) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const logger = { ...silentLogger, error: (_: unknown, message: string) => void lines.push(message) };
  const all = { timeLimit: 60_000, policy: "fail" as const, breakAfter: 2, breakFor: 10_000, ...rules };
  const guard = new PluginGuard({ name: "Given", kind: "filter", from: "a test", options: {} }, all, logger, clock);
  return { filter: new GuardedFilter(filter, guard), guard, clock, lines };
}

function ask(filter: GuardedFilter, asked = hosts) {
  const said: { verdict: unknown; lasts: boolean }[] = [];
  filter.ask(asked, sampleRequest(), (index, verdict, lasts) => {
    said[index] = { verdict, lasts };
  });
  return said;
}

describe("a filter that fails", () => {
  const fails = () =>
    new Given(({ host }) => {
      if (host === "b") throw new Error("no such aggregate");
      return true;
    });

  test("keeps that host out alone, for this request alone, and says why", () => {
    const { filter, guard, lines } = guarded(fails());
    expect(ask(filter)).toEqual([
      { verdict: true, lasts: true },
      {
        verdict: {
          code: "filter-failed",
          words: "are kept out by Given, which fails: no such aggregate",
          outlook: "needs",
        },
        lasts: false,
      },
      { verdict: true, lasts: true },
    ]);
    expect(guard).toMatchObject({ requests: 1, failures: 1, isOpen: false });
    expect(lines).toEqual(["the filter Given fails"]);
  });

  test("lets it pass where its policy says so", () => {
    expect(ask(guarded(fails(), { policy: "pass" }).filter)[1]).toEqual({ verdict: true, lasts: false });
  });

  test("at every host, request after request, is not asked for a while, and then again", async () => {
    let asked = 0;
    const { filter, guard, clock, lines } = guarded(
      new Given(() => {
        asked++;
        throw new Error("down");
      }),
    );
    ask(filter, many);
    ask(filter, many);
    expect(guard.isOpen).toBe(true);
    const before = asked;
    expect(ask(filter)[0]).toEqual({
      verdict: {
        code: "filter-unavailable",
        words:
          "are kept out by Given, which is not asked for a while, since it failed or took too long again and again",
        outlook: "needs",
      },
      lasts: false,
    });
    expect(asked).toBe(before);
    expect(lines).toContain("the filter Given is not asked for a while");
    await clock.advance(10_000);
    ask(filter);
    expect(asked).toBeGreaterThan(before);
  });

  test("at one odd host alone is asked on, however often that is the only one to ask about", () => {
    const { filter, guard } = guarded(fails());
    for (let request = 0; request < 20; request++) ask(filter, hosts.slice(1, 2));
    expect(guard).toMatchObject({ failures: 20, isOpen: false });
  });

  test.each([
    ["nonsense", "yes", "it answered 'yes', not true, false, or a code and words"],
    ["a promise", Promise.resolve(true), "it answered Promise { true }, not true, false, or a code and words"],
    ["nothing", undefined, "it answered undefined, not true, false, or a code and words"],
  ])("by answering %s is named with what it answered", (_what, answer, words) => {
    expect(ask(guarded(new Given(() => answer)).filter)[0]?.verdict).toMatchObject({
      words: `are kept out by Given, which fails: ${words}`,
    });
  });
});

describe("a filter that takes its time", () => {
  /** Busy until some time has passed, as a loop over too much would be. */
  class Slow extends HostFilter {
    override hostPasses(): boolean {
      const end = performance.now() + 2;
      while (performance.now() < end);
      return true;
    }
  }

  test("is asked about no further hosts once its time is over, and named", () => {
    const many = Array.from({ length: 600 }, (_, index) => sampleHost({ host: `h${index}` }));
    const { filter, guard, lines } = guarded(new Slow(), { timeLimit: 1 });
    const said = ask(filter, many);
    expect(said[0]).toEqual({ verdict: true, lasts: true });
    expect(said.at(-1)).toMatchObject({
      verdict: { code: "filter-unavailable", words: "are kept out by Given, which takes more than 1 ms a request" },
      lasts: false,
    });
    expect(guard).toMatchObject({ overruns: 1, failures: 0 });
    expect(lines).toEqual(["the filter Given takes too long"]);
  });
});

describe("a filter that works on many hosts at once", () => {
  class Together extends HostFilter {
    calls = 0;
    constructor(private readonly answer: (hosts: readonly HostState[]) => unknown) {
      super();
    }
    override hostPasses(host: HostState): HostVerdict {
      return host.host !== "b";
    }
    override hostsPass(asked: readonly HostState[]): readonly HostVerdict[] {
      this.calls++;
      return this.answer(asked) as readonly HostVerdict[];
    }
  }

  test("is asked so, and false has its name for a reason", () => {
    const plugin = new Together((asked) => asked.map(({ host }) => host !== "c"));
    expect(ask(guarded(plugin).filter).map(({ verdict }) => verdict)).toEqual([
      true,
      true,
      { code: "filtered", words: "are dropped by Given" },
    ]);
    expect(plugin.calls).toBe(1);
  });

  test.each([
    [
      "fails",
      () => {
        throw new Error("no");
      },
    ],
    ["answers too few", () => [true]],
    ["answers nonsense", () => ["x", "y", "z"]],
  ])("and %s is asked about each host by itself", (_what, answer) => {
    expect(ask(guarded(new Together(answer)).filter).map(({ verdict }) => verdict === true)).toEqual([
      true,
      false,
      true,
    ]);
  });
});

test("what cannot be prepared is not asked about any host", () => {
  class Unprepared extends HostFilter {
    override prepare() {
      throw new Error("the query is no JSON");
    }
    override hostPasses(): boolean {
      return true;
    }
  }
  expect(ask(guarded(new Unprepared()).filter)[2]?.verdict).toMatchObject({
    words: "are kept out by Given, which fails: the query is no JSON",
  });
});

test("for a rebuild, only those are asked that say so", () => {
  class Rebuilt extends Given {
    override readonly runsOnRebuild = true;
  }
  const request = sampleRequest({ reason: "rebuild" });
  expect(guarded(new Given(() => true)).filter.concerns(request)).toBe(false);
  expect(guarded(new Rebuilt(() => true)).filter.concerns(request)).toBe(true);
});
