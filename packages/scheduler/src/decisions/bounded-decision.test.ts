import { sampleDecision } from "@kilonova/compute-store/testing";
import { type SchedulingDecision, schedulingDecisionSchema } from "@kilonova/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundedDecision } from "./bounded-decision.js";

const names = (count: number) => Array.from({ length: count }, (_, index) => `host-with-a-name-${index}`);
const bytes = (decision: SchedulingDecision) => Buffer.byteLength(JSON.stringify(decision));

/** A decision that is large in every way at once. */
function largeDecision(size: number): SchedulingDecision {
  const sample = sampleDecision({ serverIds: names(size) });
  const [stage] = sample.stages;
  const [score] = sample.scores;
  return {
    ...sample,
    stages: names(size).map((plugin) => ({
      plugin,
      kind: "filter" as const,
      hostsIn: 3,
      hostsOut: 3,
      milliseconds: 1,
      drops: (stage?.drops ?? []).map((drop) => ({ ...drop, sample: names(size) })),
    })),
    scores: score ? names(size).map((host) => ({ ...score, host })) : [],
    requestSpec: {
      ...sample.requestSpec,
      hints: { query: names(size) },
      flavor: { ...sample.requestSpec.flavor, extraSpecs: Object.fromEntries(names(size).map((name) => [name, name])) },
      networks: names(size).map((networkId) => ({ networkId })),
    },
    claims: { attempts: size, refused: names(size) },
  };
}

describe("a decision that is bounded", () => {
  it("is the very same where it is small enough", () => {
    const decision = sampleDecision();
    expect(boundedDecision(decision, 262_144)).toBe(decision);
  });

  it("loses what is missed least first, and says so", () => {
    const large = largeDecision(40);
    const withoutSamples = boundedDecision(large, bytes(large) - 1);
    expect(withoutSamples.trimmed).toEqual(["samples of dropped hosts"]);
    expect(withoutSamples.scores).toEqual(large.scores);
    expect(withoutSamples.stages[0]?.drops[0]).toMatchObject({ hosts: 1, words: "are disabled", sample: [] });
    const next = boundedDecision(large, bytes(withoutSamples) - 1);
    expect(next.trimmed).toEqual(["samples of dropped hosts", "scores but the best 3"]);
    expect(next.scores).toEqual(large.scores.slice(0, 3));
  });

  it("has no hints that are larger than hints may be, though all of it would fit", () => {
    const sample = sampleDecision();
    const hints = { query: "x".repeat(20_000) };
    const bounded = boundedDecision({ ...sample, requestSpec: { ...sample.requestSpec, hints } }, 1_000_000);
    expect(bounded).toEqual({ ...sample, trimmed: ["hints"] });
  });

  it("is a decision about the same servers with the same outcome, whatever the bound", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 50_000 }), (size, most) => {
        const decision = largeDecision(size);
        const bounded = boundedDecision(decision, most);
        expect(schedulingDecisionSchema.parse(bounded)).toEqual(bounded);
        const { id, serverIds, outcome, message, hosts } = decision;
        expect(bounded).toMatchObject({ id, serverIds, outcome, message, hosts });
        if (bytes(bounded) > most) expect(bounded.trimmed).toContain("drops");
        if (bytes(decision) > most) expect(bounded.trimmed).not.toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
