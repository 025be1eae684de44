import type { HostAggregate } from "@kilonova/plugin-api";
import { requestFilterSuite, SampleDraft, sampleRequestSpec } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { racksOptions } from "./options.js";
import { RackRequestFilter } from "./rack-request-filter.js";

function makeFilter(written: { readonly metadataKey?: string } = {}) {
  return new RackRequestFilter(racksOptions.schema.parse(written));
}

const aggregates = ["r1", "r2", "r1"].map((rack, index): HostAggregate => {
  return { id: index + 1, uuid: `a${index + 1}`, name: `aggregate ${index}`, metadata: { rack, row: "north" } };
});

/** What comes of a hint: a refusal, the aggregates that are asked for, and why hosts outside are dropped. */
function outcome(filter: RackRequestFilter, hints: Readonly<Record<string, unknown>>) {
  const draft = new SampleDraft(aggregates);
  const refusal = filter.amend(sampleRequestSpec({ hints }), draft);
  return { refusal, memberOf: draft.asked.memberOf, words: draft.words };
}

// #region suite
describe.each([
  ["by default", {}],
  ["with another key", { metadataKey: "availability_zone" }],
])("RackRequestFilter %s does what every request filter promises:", (_when, written) => {
  for (const { name, run } of requestFilterSuite(() => makeFilter(written))) it(name, run);
});
// #endregion

describe("RackRequestFilter", () => {
  it("asks for nothing where no rack is named", () => {
    expect(outcome(makeFilter(), { group: "g" })).toEqual({ refusal: undefined, memberOf: [], words: [] });
  });

  it("asks for the aggregates of the rack, and says why others are dropped", () => {
    const { refusal, memberOf, words } = outcome(makeFilter(), { rack: "r1" });
    expect({ refusal, memberOf, words }).toEqual({
      refusal: undefined,
      memberOf: [["a1", "a3"]],
      words: ["are outside rack r1"],
    });
  });

  it("refuses a rack that there is not", () => {
    const refusal = { code: "no-such-rack", words: "there is no rack r9" };
    expect(outcome(makeFilter(), { rack: "r9" })).toEqual({ refusal, memberOf: [], words: [] });
  });

  it("looks under the key that its option names", () => {
    expect(outcome(makeFilter({ metadataKey: "row" }), { rack: "north" }).memberOf).toEqual([["a1", "a2", "a3"]]);
  });

  it.each([7, "", null, ["r1"], { name: "r1" }, "r".repeat(256)])("refuses a hint that names no rack: %j", (rack) => {
    expect(outcome(makeFilter(), { rack }).refusal).toMatchObject({ code: "bad-rack" });
  });
});
