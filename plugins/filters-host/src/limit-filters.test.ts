import { sampleHost } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { AllHostsFilter } from "./all-hosts-filter.js";
import { IoOpsFilter } from "./io-ops-filter.js";
import { MetricsFilter } from "./metrics-filter.js";
import { NumInstancesFilter } from "./num-instances-filter.js";
import { filtersHostOptions } from "./options.js";

const settings = (written: object = {}) => filtersHostOptions.schema.parse(written);

it("AllHostsFilter passes whatever there is", () => {
  expect(new AllHostsFilter().hostPasses()).toBe(true);
});

describe("IoOpsFilter", () => {
  it.each([
    [{}, 7, true],
    [{}, 8, { code: "too-many-io-ops", words: "have 8 or more operations going on", outlook: "not-now" }],
    [{ maxIoOpsPerHost: 3 }, 2, true],
    [
      { maxIoOpsPerHost: 3 },
      4,
      { code: "too-many-io-ops", words: "have 3 or more operations going on", outlook: "not-now" },
    ],
  ])("with options %j, %i operations", (written, ioOps, verdict) => {
    expect(new IoOpsFilter(settings(written)).hostPasses(sampleHost({ ioOps }))).toEqual(verdict);
  });
});

describe("NumInstancesFilter", () => {
  it.each([
    [{}, 49, true],
    [{}, 50, { code: "too-many-servers", words: "hold 50 or more servers", outlook: "not-now" }],
    [{ maxInstancesPerHost: 5 }, 4, true],
    [{ maxInstancesPerHost: 5 }, 9, { code: "too-many-servers", words: "hold 5 or more servers", outlook: "not-now" }],
  ])("with options %j, %i servers", (written, servers, verdict) => {
    expect(new NumInstancesFilter(settings(written)).hostPasses(sampleHost({ servers }))).toEqual(verdict);
  });
});

describe("MetricsFilter", () => {
  const host = sampleHost({ metrics: new Map([["cpu.percent", 0]]) });
  const verdict = (...metricsWeightSetting: string[]) =>
    new MetricsFilter(settings({ metricsWeightSetting })).hostPasses(host);

  it("passes every host where no metric is weighed", () => {
    expect(new MetricsFilter(settings()).concerns()).toBe(false);
    expect(verdict()).toBe(true);
  });

  it("passes hosts that report all, be it zero", () => {
    expect(verdict("cpu.percent=1.0")).toBe(true);
  });

  it("names those that a host does not report", () => {
    expect(verdict("cpu.percent=1.0", "net=-2", "mem=0.5")).toEqual({
      code: "no-metric",
      words: "do not report net, mem",
      outlook: "not-now",
    });
  });

  it.each(["cpu", "cpu=", "=1", "cpu=much"])("does not take %j for a metric and its ratio", (entry) => {
    expect(() => settings({ metricsWeightSetting: [entry] })).toThrow("expected a metric and its ratio");
  });
});
