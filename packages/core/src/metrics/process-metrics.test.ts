import { RequestContext } from "@kilonova/messaging";
import { silentLogger } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { ProcessMetrics } from "./process-metrics.js";

const things = (name: string, type: "gauge" | "counter") =>
  ({ labels: ["kind"], metrics: { [name]: { type, help: "Things." } } }) as const;

describe("the metrics of a process", () => {
  it.each([
    ["a reading that throws", () => Promise.reject(new Error("no"))],
    ["a counter below nothing", () => [{ labels: { kind: "a" }, values: { kilonova_bad_total: -1 } }]],
    ["a value that is no number", () => [{ labels: { kind: "a" }, values: { kilonova_bad_total: Number.NaN } }]],
    ["a label that was not declared", () => [{ labels: { other: "a" }, values: { kilonova_bad_total: 1 } }]],
  ])("leave %s out, count it, and tell the rest, at each scrape", async (_what, read) => {
    const metrics = new ProcessMetrics(silentLogger);
    metrics.add(things("kilonova_bad_total", "counter"), read as never);
    metrics.add(things("kilonova_good", "gauge"), () => [{ labels: { kind: "a" }, values: { kilonova_good: 7 } }]);
    for (const failures of [1, 2]) {
      const text = await metrics.text();
      expect(text).toContain('kilonova_good{kind="a"} 7');
      expect(text).not.toContain("kilonova_bad_total{");
      expect(text).toContain(`kilonova_metrics_failures_total ${failures}`);
    }
  });

  it("tell so many methods apart and no more, though anybody may name methods", async () => {
    const metrics = new ProcessMetrics(silentLogger);
    const context = RequestContext.admin();
    for (let nth = 0; nth < 2_100; nth += 1) {
      const message = { kind: "call", address: { topic: "t" }, contract: "c", method: `m${nth}`, context } as const;
      await metrics.rpc.sending(message, async () => undefined);
    }
    const text = await metrics.text();
    expect(text).toContain('method="m1999"');
    expect(text).not.toContain('method="m2000"');
    expect(text).toMatch(/_count\{[^}]*method="other"[^}]*\} 100\b/);
  });
});
