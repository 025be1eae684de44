import { type HostAggregate, type HostState, HostWeigher, silentLogger } from "@kilonova/plugin-api";
import { FakeClock, sampleHost, sampleRequest } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { GuardedWeigher } from "./guarded-weigher.js";
import { PluginGuard } from "./plugin-guard.js";

class Given extends HostWeigher {
  override readonly weightKey = "given_weight_multiplier";

  constructor(
    override readonly weight: number,
    private readonly answer: (host: HostState) => number = () => 1,
  ) {
    super();
  }

  override weigh(host: HostState): number {
    return this.answer(host);
  }
}

function guarded(weigher: HostWeigher, weight?: number) {
  const rules = { timeLimit: 60_000, policy: "pass" as const, breakAfter: 5, breakFor: 1_000 };
  const origin = { name: "Given", kind: "weigher" as const, from: "a test", options: {} };
  return new GuardedWeigher(weigher, new PluginGuard(origin, rules, silentLogger, new FakeClock()), weight);
}

function aggregate(id: number, multiplier: string): HostAggregate {
  return { id, uuid: `u${id}`, name: `a${id}`, metadata: { given_weight_multiplier: multiplier } };
}

describe("how much a weigher counts on a host", () => {
  test.each<[string, readonly HostAggregate[], number]>([
    ["is its weight where the host is in no aggregate", [], 2],
    ["is what an aggregate says", [aggregate(1, "-0.5")], -0.5],
    ["is the least where several say something", [aggregate(1, "3"), aggregate(2, "1.5")], 1.5],
    ["passes over what is no number", [aggregate(1, "much"), aggregate(2, "7"), aggregate(3, " ")], 7],
    ["is its weight where nothing that is said is a number", [aggregate(1, "much")], 2],
  ])("%s", (_rule, aggregates, multiplier) => {
    expect(guarded(new Given(2)).multiplier(sampleHost({ aggregates }))).toBe(multiplier);
  });

  test("is what the profile says in place of its own weight, which an aggregate overrides", () => {
    expect(guarded(new Given(2), 5).weight).toBe(5);
    expect(guarded(new Given(2), 5).multiplier(sampleHost())).toBe(5);
    expect(guarded(new Given(2), 5).multiplier(sampleHost({ aggregates: [aggregate(1, "1")] }))).toBe(1);
  });

  test("is turned round where the weigher says that what it weighs counts against a host", () => {
    class Against extends Given {
      override readonly weightSign = -1;
    }
    const grouped = sampleHost({ aggregates: [aggregate(1, "3"), aggregate(2, "4")] });
    expect(guarded(new Against(-2)).multiplier(sampleHost())).toBe(-2);
    expect(guarded(new Against(-2), 5).multiplier(sampleHost())).toBe(-5);
    expect(guarded(new Against(-2), 5).multiplier(grouped)).toBe(-3);
  });

  test("is nothing where its weight is no number, and that is counted as a failure", () => {
    const weigher = guarded(new Given(Number.NaN));
    expect([weigher.weight, weigher.guard.failures]).toEqual([0, 1]);
  });
});

test("a weigher of weight 0 is not asked, unless some aggregate says otherwise", () => {
  const weigher = guarded(new Given(0));
  expect(weigher.concerns(sampleRequest(), new Set(["other"]))).toBe(false);
  expect(weigher.concerns(sampleRequest(), new Set(["given_weight_multiplier"]))).toBe(true);
});

test("a weigher that fails at a host counts nothing there, for this request alone", () => {
  const hosts = ["a", "b", "c"].map((host) => sampleHost({ host }));
  const weigher = guarded(
    new Given(1, ({ host }) => {
      if (host === "b") throw new Error("no such file");
      return host === "c" ? Number.POSITIVE_INFINITY : 4;
    }),
  );
  const said: unknown[] = [];
  weigher.weigh(hosts, sampleRequest(), (index, weight, lasts) => {
    said[index] = [weight, lasts];
  });
  expect(said).toEqual([
    [4, true],
    [Number.NaN, false],
    [Number.NaN, false],
  ]);
  expect(weigher.guard.failures).toBe(2);
});
