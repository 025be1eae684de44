import { filterSuite, sampleHost, sampleRequest } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { reservedHostsOptions } from "./options.js";
import { ReservedHostFilter } from "./reserved-host-filter.js";

function makeFilter(written: { readonly hosts?: readonly string[]; readonly flavors?: readonly string[] } = {}) {
  return new ReservedHostFilter(reservedHostsOptions.schema.parse(written));
}

function verdict(filter: ReservedHostFilter, host: string, flavor: string) {
  return filter.hostPasses(sampleHost({ host }), sampleRequest({ flavor: { name: flavor } }));
}

// #region suite
describe.each([
  ["by default", {}],
  ["with every host reserved", { hosts: ["*"] }],
  ["with one host reserved for a flavor", { hosts: ["host1"], flavors: ["gpu.large"] }],
])("ReservedHostFilter %s does what every filter promises:", (_when, written) => {
  for (const { name, run } of filterSuite(() => makeFilter(written))) it(name, run);
});
// #endregion

describe("ReservedHostFilter", () => {
  it("passes every host as long as none is reserved", () => {
    expect(verdict(makeFilter(), "gpu-1", "small")).toBe(true);
  });

  it("passes a reserved host for the flavors it is reserved for, and tells others for which", () => {
    const filter = makeFilter({ hosts: ["gpu-*"], flavors: ["gpu.large", "gpu.huge"] });
    expect(verdict(filter, "gpu-1", "gpu.large")).toBe(true);
    expect(verdict(filter, "gpu-1", "small")).toEqual({
      code: "reserved-host",
      words: "are reserved for gpu.large, gpu.huge",
    });
  });

  it("passes no flavor where a host is reserved for none", () => {
    expect(verdict(makeFilter({ hosts: ["spare"] }), "spare", "small")).toEqual({
      code: "reserved-host",
      words: "are reserved",
    });
  });

  it("is asked only where it has something to say, and once for all the flavors that are alike to it", () => {
    const filter = makeFilter({ hosts: ["gpu-*"], flavors: ["gpu.large"] });
    const [large, small, tiny] = ["gpu.large", "small", "tiny"].map((name) => sampleRequest({ flavor: { name } }));
    if (!large || !small || !tiny) throw new Error("three requests are missing");
    expect([large, small].map((request) => filter.concerns(request))).toEqual([false, true]);
    expect(makeFilter().concerns(small)).toBe(false);
    expect(filter.signature(small)).toBe(filter.signature(tiny));
    expect(filter.signature(small)).not.toBe(filter.signature(large));
  });

  it.each([
    ["gpu-*", "gpu-1", true],
    ["gpu-*", "my-gpu-1", false],
    ["*-gpu", "rack1-gpu", true],
    ["rack*-gpu-*", "rack7-gpu-12", true],
    ["node1.example.org", "node1.example.org", true],
    ["node1.example.org", "node1-example.org", false],
    ["(a+)[b]", "(a+)[b]", true],
    ["gpu", "gpu-1", false],
  ])("reads the name %s as a pattern: %s matches: %s", (pattern, host, isReserved) => {
    expect(verdict(makeFilter({ hosts: [pattern] }), host, "small") !== true).toBe(isReserved);
  });
});
