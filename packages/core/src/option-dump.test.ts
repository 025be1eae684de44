import { loadConfiguration, optionGroup } from "@kilonova/config";
import type { Logger } from "@kilonova/plugin-api";
import { expect, it } from "vitest";
import { z } from "zod";
import { OptionDump } from "./option-dump.js";
import { logOptions } from "./options.js";

const group = optionGroup(
  "sample",
  z.object({
    every: z
      .int()
      .default(1)
      .meta({ deprecatedNames: ["period"] })
      .describe("How often."),
    token: z.string().default("none").meta({ secret: true }).describe("The token."),
  }),
);

async function linesOf(level: string, sample: Readonly<Record<string, unknown>>) {
  const configuration = await loadConfiguration({
    program: "test",
    argv: [],
    env: {},
    searchFolders: [],
    groups: [logOptions, group],
    overrides: { sample, log: { level } },
  });
  const lines: (readonly [level: string, fields: unknown, text: string])[] = [];
  const at = (name: string) => (fields: unknown, text: string) => lines.push([name, fields, text]);
  const logger: Logger = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: () => logger,
  };
  const dump = new OptionDump(configuration, logger);
  dump.write();
  const later = async () => {
    configuration.register(optionGroup("later", z.object({ power: z.int().default(1).describe("How much.") })));
    lines.length = 0;
    dump.write();
    return lines;
  };
  return { lines, later };
}

it("warns of an old name at every level, once", async () => {
  const { lines, later } = await linesOf("info", { period: 5 });
  expect(lines).toEqual([["warn", {}, "sample.period (override) is deprecated; use sample.every"]]);
  expect(await later()).toEqual([]);
});

it("logs every option at debug, secrets masked", async () => {
  const { lines } = await linesOf("debug", { token: "hunter2" });
  expect(lines).toContainEqual([
    "debug",
    { option: "sample.token", value: '"***"', origin: "override" },
    expect.any(String),
  ]);
  expect(lines).toContainEqual([
    "debug",
    { option: "sample.every", value: "1", origin: "default" },
    expect.any(String),
  ]);
  expect(JSON.stringify(lines)).not.toContain("hunter");
});

it("logs what is declared later when it is there, and nothing twice", async () => {
  const { later } = await linesOf("debug", {});
  expect(await later()).toEqual([["debug", { option: "later.power", value: "1", origin: "default" }, "an option"]]);
});

it("leaves wrong values to who names them, and logs the groups beside them", async () => {
  const { lines } = await linesOf("debug", { every: "x" });
  expect(lines).toContainEqual(["debug", { group: "sample" }, "options are not listed, for some are wrong"]);
  expect(lines).toContainEqual(["debug", expect.objectContaining({ option: "log.level" }), "an option"]);
});
