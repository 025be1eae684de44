import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { requestFilterSuite, SampleDraft, sampleRequestSpec } from "@kilonova/plugin-testing";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

function makeFilter(written: Readonly<Record<string, unknown>> = {}): SamplePlugin {
  return new SamplePlugin(samplePluginOptions.schema.parse(written));
}

describe("SamplePlugin does what every request filter promises:", () => {
  for (const { name, run } of requestFilterSuite(() => makeFilter({ flavors: ["small"] }))) it(name, run);
});

describe("SamplePlugin", () => {
  const filter = makeFilter({ flavors: ["large"], trait: "CUSTOM_FAST" });

  it("asks for the trait, for a flavor that is named", () => {
    const draft = new SampleDraft();
    assert.equal(filter.amend(sampleRequestSpec({ flavor: { name: "large" } }), draft), undefined);
    assert.deepEqual(draft.asked.required, [["CUSTOM_FAST"]]);
  });

  it("asks for nothing for any other", () => {
    const draft = new SampleDraft();
    assert.equal(filter.amend(sampleRequestSpec({ flavor: { name: "small" } }), draft), undefined);
    assert.deepEqual(draft.asked.required, []);
  });

  it("refuses a request that has ruled the trait out", () => {
    const draft = new SampleDraft();
    draft.forbidTrait("CUSTOM_FAST");
    assert.deepEqual(filter.amend(sampleRequestSpec({ flavor: { name: "large" } }), draft), {
      code: "trait-forbidden",
      words: "the flavor large needs the trait CUSTOM_FAST, which is ruled out",
    });
  });
});
