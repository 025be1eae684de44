import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filterSuite, sampleHost, sampleRequest } from "@kilonova/plugin-testing";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

function makeFilter(written: Readonly<Record<string, unknown>> = {}): SamplePlugin {
  return new SamplePlugin(samplePluginOptions.schema.parse(written));
}

describe("SamplePlugin does what every filter promises:", () => {
  for (const { name, run } of filterSuite(() => makeFilter())) it(name, run);
});

describe("SamplePlugin", () => {
  const host = sampleHost({ resources: { MEMORY_MB: { total: 2048, used: 1024 } } });

  it("lets a host pass on which as much is free as is to be kept", () => {
    assert.equal(makeFilter({ reserve: 1024 }).hostPasses(host, sampleRequest()), true);
  });

  it("refuses a host on which less is free, and says so", () => {
    assert.deepEqual(makeFilter({ reserve: 1025 }).hostPasses(host, sampleRequest()), {
      code: "below-reserve",
      words: "have less than 1025 MEMORY_MB to spare",
    });
  });

  it("takes a host to have nothing of a resource that it does not name", () => {
    const filter = makeFilter({ resourceClass: "CUSTOM_GPU", reserve: 1 });
    assert.notEqual(filter.hostPasses(host, sampleRequest()), true);
  });
});
