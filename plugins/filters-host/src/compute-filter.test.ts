import { filterSuite, sampleHost } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { ComputeFilter } from "./compute-filter.js";

describe("ComputeFilter", () => {
  for (const { name, run } of filterSuite(() => new ComputeFilter())) test(name, run);

  test.each([
    ["an enabled host that is up", {}, true],
    [
      "one that is disabled",
      { disabled: true, disabledReason: "maintenance" },
      { code: "disabled", words: "are disabled", outlook: "needs" },
    ],
    ["one that is down", { up: false }, { code: "down", words: "are down", outlook: "not-now" }],
    [
      "one that is both: an operator's word comes first",
      { up: false, disabled: true },
      { code: "disabled", words: "are disabled", outlook: "needs" },
    ],
  ])("%s", (_host, changes, verdict) => {
    expect(new ComputeFilter().hostPasses(sampleHost(changes))).toEqual(verdict);
  });
});
