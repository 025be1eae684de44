import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type RankedWeights, Ranking } from "./ranking.js";

function column(weights: readonly number[], changes: Partial<RankedWeights> = {}): RankedWeights {
  return {
    weigher: "W",
    weights: Float64Array.from(weights),
    multipliers: new Float64Array(weights.length).fill(1),
    uniform: undefined,
    minimum: undefined,
    maximum: undefined,
    constant: undefined,
    ...changes,
  };
}

function slotsOf(count: number): number[] {
  return [...new Array(count).keys()];
}

/** The scores of hosts that one weigher weighs. */
function scoresOf(weights: readonly number[], minimum?: number, maximum?: number): number[] {
  return [...new Ranking(slotsOf(weights.length), [column(weights, { minimum, maximum })], undefined).scores()];
}

describe("normalisation", () => {
  test.each<[string, number[], number | undefined, number | undefined, number[]]>([
    ["goes from the least to the most", [10, 30, 20], undefined, undefined, [0, 1, 0.5]],
    ["is 0 where all are equal", [7, 7], undefined, undefined, [0, 0]],
    ["starts at a fixed minimum", [10, 20], 0, undefined, [0.5, 1]],
    ["clamps to a fixed minimum", [-5, 20], 0, undefined, [0, 1]],
    ["clamps to a fixed maximum", [5, 20, 10], undefined, 10, [0, 1, 1]],
    ["is 0 where all are at the one fixed end", [0, -3], 0, undefined, [0, 0]],
    ["is not done for one host", [10], 0, undefined, [0]],
    ["of nothing is nothing", [], 0, undefined, []],
    ["is 0 for what is no number", [10, Number.NaN, 30], undefined, undefined, [0, 0, 1]],
    ["is 0 where nothing is a number", [Number.NaN, Number.NaN], undefined, undefined, [0, 0]],
  ])("%s", (_rule, weights, minimum, maximum, expected) => {
    expect(scoresOf(weights, minimum, maximum)).toEqual(expected);
  });
});

describe("scores", () => {
  const bound = fc.option(fc.integer({ min: -50, max: 50 }), { nil: undefined });
  const anyColumns = fc.integer({ min: 2, max: 12 }).chain((hosts) =>
    fc.array(
      fc.record({
        weights: fc.array(fc.integer({ min: -100, max: 100 }), { minLength: hosts, maxLength: hosts }),
        multipliers: fc.array(fc.constantFrom(-1, 0, 0.5, 1, 3, 1_000_000), { minLength: hosts, maxLength: hosts }),
        low: bound,
        high: bound,
      }),
      { minLength: 1, maxLength: 4 },
    ),
  );

  test("are the sum of multiplier x (w - min) / (max - min) over all weighers, for any weights", () => {
    fc.assert(
      fc.property(anyColumns, (given) => {
        fc.pre(given.every(({ low, high }) => low === undefined || high === undefined || low < high));
        const columns = given.map(({ weights, multipliers, low, high }) =>
          column(weights, { multipliers: Float64Array.from(multipliers), minimum: low, maximum: high }),
        );
        const hosts = given[0]?.weights.length ?? 0;
        const scores = new Ranking(slotsOf(hosts), columns, undefined).scores();
        for (let host = 0; host < hosts; host++) {
          const expected = given.reduce((sum, each) => sum + (each.multipliers[host] ?? 0) * formula(each, host), 0);
          expect(scores[host]).toBeCloseTo(expected, 6);
        }
      }),
    );
  });

  test("put the best first, and explain themselves", () => {
    fc.assert(
      fc.property(anyColumns, fc.integer(), fc.integer({ min: 1, max: 15 }), (given, seed, count) => {
        const columns = given.map(({ weights, multipliers }) =>
          column(weights, { multipliers: Float64Array.from(multipliers) }),
        );
        const hosts = given[0]?.weights.length ?? 0;
        const ranking = new Ranking(slotsOf(hosts), columns, seed);
        const scores = ranking.scores();
        const best = ranking.best(count);
        expect(best).toHaveLength(Math.min(count, hosts));
        expect(new Set(best).size).toBe(best.length);
        const inOrder = [...scores].sort((one, other) => other - one).slice(0, count);
        expect(best.map((slot) => scores[slot])).toEqual(inOrder);
        for (const [index, { score }] of ranking.explain(best).entries())
          expect(score).toBeCloseTo(inOrder[index] ?? 0, 6);
      }),
    );
  });

  /** By the words of the original, slowly. */
  function formula(
    { weights, low, high }: { weights: number[]; low?: number | undefined; high?: number | undefined },
    host: number,
  ) {
    const clamped = weights.map((w) =>
      low !== undefined && w < low ? low : high !== undefined && w > high ? high : w,
    );
    const [min, max] = [low ?? Math.min(...clamped), high ?? Math.max(...clamped)];
    return max === min ? 0 : ((clamped[host] ?? 0) - min) / (max - min);
  }
});

test("a weight that is known to be all hosts' counts as it would by looking at them", () => {
  for (const [minimum, multiplier] of [
    [undefined, 2],
    [0, 2],
    [7, 2],
  ] as const) {
    const multipliers = new Float64Array(2).fill(multiplier);
    const looked = column([7, 7], { minimum, multipliers, uniform: multiplier });
    const scores = (weights: RankedWeights) => [...new Ranking([0, 1], [weights], undefined).scores()];
    expect(scores({ ...looked, constant: 7 })).toEqual(scores(looked));
  }
});

describe("hosts of the same score", () => {
  const equal = [column([5, 5, 5, 5, 5])];

  test("stand in the order of their slots where none is to be drawn", () => {
    expect(new Ranking([4, 0, 2], equal, undefined).best(3)).toEqual([4, 0, 2]);
  });

  test("are drawn by lot: each comes first for some seed, and for the same seed the same one", () => {
    const first = (seed: number) => new Ranking(slotsOf(5), equal, seed).best(1)[0];
    const drawn = new Set(Array.from({ length: 200 }, (_, seed) => first(seed * 7919)));
    expect(drawn.size).toBe(5);
    expect(first(42)).toBe(first(42));
  });

  test("include those that differ by rounding alone", () => {
    const columns = [column([0.1 + 0.2, 0.3], { minimum: 0, maximum: 1 })];
    const first = new Set([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => new Ranking([0, 1], columns, seed).best(1)[0]));
    expect(first.size).toBe(2);
  });
});

test("a host that is removed changes the scale for the others", () => {
  const ranking = new Ranking(slotsOf(3), [column([10, 20, 110])], undefined);
  expect([...ranking.scores()]).toEqual([0, 0.1, 1]);
  ranking.remove((slot) => slot === 2);
  expect([...ranking.scores()]).toEqual([0, 1]);
  expect(ranking.best(5)).toEqual([1, 0]);
});
