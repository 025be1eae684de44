import { ConfigurationError } from "@kilonova/config";
import { describe, expect, it } from "vitest";
import { pluginsOptions } from "../options.js";
import { type LogLine, recordingLogger } from "../testing/recording-logger.js";
import { PluginStart } from "./plugin-start.js";

function startWith(plugins: unknown = {}) {
  const lines: LogLine[] = [];
  return { start: new PluginStart(pluginsOptions.schema.parse(plugins), recordingLogger(lines)), lines };
}
const failure = new Error("acme could not be loaded: no licence");

describe("the start of a plugin that fails", () => {
  it("ends the process, or goes on with one warning, as the preset says where the operator says nothing", () => {
    const { start, lines } = startWith();
    expect(start.goesOnWithout(["acme"], failure, "abort")).toBe(false);
    expect(start.goesOnWithout(["acme"], failure, "continue")).toBe(true);
    expect(start.goesOnWithout(["acme"], failure, "continue")).toBe(true);
    expect(lines).toEqual([
      {
        level: "warn",
        fields: { plugin: "acme", error: failure.message },
        message: "a plugin cannot be used; going on without it",
      },
    ]);
    expect(start.degradations).toEqual([]);
  });

  it("is what the operator says, by package or by file", () => {
    const { start, lines } = startWith({
      start: { acme: { policy: "degraded" }, "./odd.js": { policy: "continue" }, other: { policy: "abort" } },
    });
    expect(start.goesOnWithout(["acme", "acme/filters"], failure, "abort")).toBe(true);
    expect(start.goesOnWithout(["my-cloud", "./odd.js"], new Error("odd"), "abort")).toBe(true);
    expect(start.goesOnWithout(["other"], failure, "continue")).toBe(false);
    expect(start.degradations).toEqual([{ plugin: "acme", problem: failure.message }]);
    expect(lines.map(({ level }) => level)).toEqual(["error", "warn"]);
  });

  it("is never gone on with where an option is wrong", () => {
    const { start } = startWith({ start: { acme: { policy: "continue" } } });
    expect(start.goesOnWithout(["acme"], new ConfigurationError("kilonova", []), "continue")).toBe(false);
  });

  it("has the time that the operator gives it, or all plugins", () => {
    const { start } = startWith({ startTimeLimit: "10s", start: { acme: { timeLimit: "2m" }, other: {} } });
    expect(["acme", "other", "third"].map((name) => start.timeLimitOf([name]))).toEqual([120_000, 10_000, 10_000]);
    expect(new PluginStart().timeLimitOf([])).toBe(30_000);
  });
});
