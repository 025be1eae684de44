import { loadConfiguration, type OptionGroup } from "@kilonova/config";
import { describe, expect, it } from "vitest";
import { hooksOptions, notificationsOptions, pluginsOptions, serviceOptions } from "./options.js";

async function valuesOf(group: OptionGroup, values: Readonly<Record<string, unknown>>): Promise<unknown> {
  const settings = { program: "kilonova", argv: [], env: {}, searchFolders: [], groups: [group] };
  return (await loadConfiguration({ ...settings, overrides: { [group.name]: values } })).get(group);
}

describe("a time limit", () => {
  const of: readonly [string, OptionGroup, (limit: string | number) => Record<string, unknown>][] = [
    ["plugins.startTimeLimit", pluginsOptions, (startTimeLimit) => ({ startTimeLimit })],
    ["plugins.start.acme.timeLimit", pluginsOptions, (timeLimit) => ({ start: { acme: { timeLimit } } })],
    ["hooks.use.0.timeLimit", hooksOptions, (timeLimit) => ({ use: [{ point: "a.b", hook: "./a.js#A", timeLimit }] })],
    ["notifications.timeLimit", notificationsOptions, (timeLimit) => ({ timeLimit })],
  ];

  it.each(of)("is neither nothing nor more than an hour: %s", async (option, group, values) => {
    for (const limit of ["0s", 0, "0.4ms", "61m", "90d"]) {
      await expect(valuesOf(group, values(limit))).rejects.toMatchObject({
        message: expect.stringMatching(new RegExp(`${option} .*expected a? ?duration from 1ms to 1h, received`)),
      });
    }
    for (const limit of ["1ms", "1h", 30]) await expect(valuesOf(group, values(limit))).resolves.toBeDefined();
  });

  it.each(of)("that is no duration is said to be none: %s", async (_, group, values) => {
    await expect(valuesOf(group, values("soon"))).rejects.toThrow(/expected a? ?duration .*, received "soon"/);
  });

  it("of the event loop may be none, and no shorter than what can be told from its own work", async () => {
    for (const loopLagLimit of [0, "0s", "100ms", "1h"]) {
      await expect(valuesOf(serviceOptions, { loopLagLimit })).resolves.toBeDefined();
    }
    for (const loopLagLimit of ["1ms", "99ms", "61m", "90d"]) {
      await expect(valuesOf(serviceOptions, { loopLagLimit })).rejects.toThrow(
        "expected duration from 100ms to 1h, or 0, received",
      );
    }
  });
});
