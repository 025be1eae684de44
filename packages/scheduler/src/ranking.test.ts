import { freeOf, type HostState, HostWeigher, silentLogger, systemClock } from "@kilonova/plugin-api";
import { sampleHost, sampleRequestSpec } from "@kilonova/plugin-testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PluginFailures } from "./plugin-failures.js";
import { normalise, Ranking } from "./ranking.js";

const request = sampleRequestSpec();
const failures = new PluginFailures(silentLogger, systemClock);

class Weigher extends HostWeigher {
  constructor(
    private readonly resourceClass: string,
    private readonly factor: number,
    override readonly minimum: number | undefined,
    override readonly maximum: number | undefined,
  ) {
    super();
  }

  override multiplier(host: HostState): number {
    return this.factor * (1 + host.failedBuilds);
  }

  override weigh(host: HostState): number {
    return freeOf(host, this.resourceClass);
  }
}

function hostWith(vcpu: number, memory: number, failedBuilds = 0): HostState {
  return sampleHost({
    resources: { VCPU: { total: 0, used: -vcpu }, MEMORY_MB: { total: 0, used: -memory } },
    failedBuilds,
  });
}

describe("normalise", () => {
  test.each<[string, number[], number | undefined, number | undefined, number[]]>([
    ["goes from the least to the most", [10, 30, 20], undefined, undefined, [0, 1, 0.5]],
    ["is 0 where all are equal", [7, 7], undefined, undefined, [0, 0]],
    ["starts at a fixed minimum", [10, 20], 0, undefined, [0.5, 1]],
    ["clamps to a fixed minimum", [-5, 20], 0, undefined, [0, 1]],
    ["clamps to a fixed maximum", [5, 20, 10], undefined, 10, [0, 1, 1]],
    ["is 0 where all are at the one fixed end", [0, -3], 0, undefined, [0, 0]],
    ["of nothing is nothing", [], 0, undefined, []],
    ["is 0 for what is no number", [10, Number.NaN, 30], undefined, undefined, [0, 0, 1]],
  ])("%s", (_rule, weights, minimum, maximum, expected) => {
    expect(normalise(weights, minimum, maximum)).toEqual(expected);
  });

  test("agrees with the formula on any weights", () => {
    const bound = fc.option(fc.integer({ min: -50, max: 50 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1 }),
        bound,
        bound,
        (weights, low, high) => {
          fc.pre(low === undefined || high === undefined || low < high);
          const clamped = weights.map((w) =>
            low !== undefined && w < low ? low : high !== undefined && w > high ? high : w,
          );
          const [min, max] = [low ?? Math.min(...clamped), high ?? Math.max(...clamped)];
          const expected = clamped.map((w) => (max === min ? 0 : (w - min) / (max - min)));
          expect(normalise(weights, low, high)).toEqual(expected);
        },
      ),
    );
  });
});

describe("the ranking", () => {
  const amount = fc.integer({ min: -50, max: 50 });
  const anyHost = fc
    .tuple(amount, amount, fc.integer({ min: 0, max: 2 }))
    .map(([cpu, ram, failed]) => hostWith(cpu, ram, failed));
  const anyWeigher = fc
    .record({
      resourceClass: fc.constantFrom("VCPU", "MEMORY_MB"),
      factor: fc.constantFrom(-1, 0, 0.5, 1, 1_000_000),
      minimum: fc.constantFrom(0, undefined),
    })
    .map(({ resourceClass, factor, minimum }) => new Weigher(resourceClass, factor, minimum, undefined));

  test("is by the sum of multiplier x normalised weight, after changes too", () => {
    fc.assert(
      fc.property(
        fc.array(anyHost, { minLength: 1, maxLength: 12 }),
        fc.array(anyWeigher, { maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(11), fc.option(anyHost)), { maxLength: 5 }),
        fc.integer({ min: 1, max: 15 }),
        (hosts, weighers, changes, count) => {
          const ranking = new Ranking(hosts, weighers, request, failures, Math.random);
          const model = [...hosts];
          for (const [index, change] of changes) {
            if (index >= model.length) continue;
            if (change) {
              ranking.replace(index, change);
              model[index] = change;
            } else {
              ranking.remove(index);
              const last = model.pop();
              if (last && index < model.length) model[index] = last;
            }
          }
          const expected = scoresOf(model, weighers);
          for (const [index, score] of ranking.scores().entries())
            expect(score).toBeCloseTo(expected[index] ?? Number.NaN, 6);
          const best = ranking.best(count);
          const sorted = [...expected].sort((one, other) => other - one).slice(0, count);
          expect(best).toHaveLength(Math.min(count, model.length));
          expect(new Set(best.map(({ index }) => index)).size).toBe(best.length);
          best.forEach(({ index, host }, place) => {
            expect(host).toBe(model[index]);
            expect(expected[index]).toBeCloseTo(sorted[place] ?? Number.NaN, 5);
          });
        },
      ),
    );
  });

  function scoresOf(hosts: readonly HostState[], weighers: readonly Weigher[]): number[] {
    if (hosts.length < 2) return hosts.map(() => 0);
    return hosts.map((host) =>
      weighers.reduce((sum, weigher) => {
        const low = weigher.minimum ?? Number.NEGATIVE_INFINITY;
        const weights = hosts.map((each) => Math.max(weigher.weigh(each), low));
        const [min, max] = [weigher.minimum ?? Math.min(...weights), Math.max(...weights)];
        const normal = max === min ? 0 : (Math.max(weigher.weigh(host), low) - min) / (max - min);
        return sum + weigher.multiplier(host) * normal;
      }, 0),
    );
  }

  test("takes equal hosts in the order of random numbers, or in their own order without", () => {
    const hosts = Array.from({ length: 20 }, () => hostWith(5, 5));
    const firsts = new Set(
      Array.from({ length: 60 }, () => new Ranking(hosts, [], request, failures, Math.random).best(1)[0]?.index),
    );
    expect(firsts.size).toBeGreaterThan(5);
    expect(new Ranking(hosts, [], request, failures, undefined).best(3).map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  test("counts a weigher for nothing on a host where it throws or gives no number", () => {
    class Broken extends Weigher {
      override weigh(host: HostState): number {
        if (host.host === "h7") throw new Error("no such file");
        return super.weigh(host);
      }
    }
    const hosts = ["h7", "h8", "h9"].map((host, index) =>
      sampleHost({ host, resources: { VCPU: { total: 10 * index } } }),
    );
    const weighers = [new Broken("VCPU", 1, undefined, undefined), new Weigher("VCPU", Number.NaN, 0, undefined)];
    expect(new Ranking(hosts, weighers, request, failures, undefined).scores()).toEqual([0, 0, 1]);
  });
});
