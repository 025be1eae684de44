import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleHost, sampleRequest, weigherSuite } from "@kilonova/plugin-testing";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

function makeWeigher(written: Readonly<Record<string, unknown>> = {}): SamplePlugin {
  return new SamplePlugin(samplePluginOptions.schema.parse(written));
}

describe("SamplePlugin does what every weigher promises:", () => {
  for (const { name, run } of weigherSuite(() => makeWeigher())) it(name, run);
});

describe("SamplePlugin", () => {
  it("prefers the host with fewer servers", () => {
    const weigher = makeWeigher();
    const [few, many] = [1, 2].map((servers) => weigher.weigh(sampleHost({ servers }), sampleRequest()));
    assert.ok(few !== undefined && many !== undefined && few > many);
  });

  it("counts as much as its option says", () => {
    assert.equal(makeWeigher({ multiplier: -2.5 }).weight, -2.5);
  });
});
