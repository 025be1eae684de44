import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { describeOptions } from "./describe-options.js";
import { duration } from "./duration.js";
import { helpText } from "./help-text.js";
import { jsonSchema } from "./json-schema.js";
import { objectPath } from "./object-path.js";
import { optionGroup } from "./option-group.js";
import { sample } from "./sample.js";

const group = optionGroup(
  "example",
  z.object({
    driver: objectPath()
      .default("./greeting.js#Greeting")
      .describe("Who greets.")
      .meta({ deprecatedNames: ["greeter"] }),
    every: duration("10s").describe("How often.").meta({ mutable: true }),
    names: z.array(z.string()).default(["a", "b"]).describe("Whom.\nIn order."),
    mood: z.enum(["glad", "sad"]).optional().describe("How."),
    key: z.string().describe("The key.").meta({ secret: true }),
  }),
);
const machine = optionGroup(
  "machine",
  z.object({
    name: z.string().default("node1").meta({ defaultText: "the name of the machine" }).describe("Its name."),
    rules: z
      .array(z.object({ port: z.int() }))
      .default([{ port: 1 }])
      .describe("What is let through."),
    token: z.string().default("hunter2").meta({ secret: true }).describe("Its token."),
    port: z.int().min(0).max(65_535).default(0).describe("Its port."),
    load: z.number().positive().default(1).describe("How much it bears."),
    any: z.int().default(1).describe("Any."),
    limits: z
      .record(z.string(), z.object({ cpu: z.int().optional() }))
      .default({})
      .describe("Limits by name."),
  }),
);

describe("from the declaration come", () => {
  it("the help's data", () => {
    expect(
      describeOptions([group]).map(({ option, type, default: preset, required }) => [option, type, preset, required]),
    ).toEqual([
      [
        "driver",
        "object path (package#export, ./file.js#export, or the short name of an available plugin)",
        "./greeting.js#Greeting",
        false,
      ],
      ["every", "duration (250ms, 10s, 5m, 2h, 1d, or seconds)", "10s", false],
      ["names", "list of string", ["a", "b"], false],
      ["mood", '"glad" | "sad"', undefined, false],
      ["key", "string", undefined, true],
    ]);
    expect(describeOptions([group])[1]).toMatchObject({ group: "example", description: "How often.", mutable: true });
    expect(describeOptions([group])[4]).toMatchObject({ secret: true, mutable: false, deprecatedNames: [] });
  });

  it("the text of --help and --shorthelp", () => {
    const text = helpText({
      program: "example-agent",
      description: "Looks after an example.",
      positionals: "[name...]",
      groups: [group, machine],
      width: 90,
    });
    expect(text).toMatch(/^Usage: example-agent \[options\] \[name\.\.\.\]\n\nLooks after an example\.\n/);
    for (const flag of ["--help", "--shorthelp", "--version", "--config-file", "--config-dir"]) {
      expect(text).toMatch(new RegExp(`^ +(-\\w, )?${flag} `, "m"));
    }
    expect(text).toMatch(/^ {2}--example\.every +How often\. \(default: 10s\)$/m);
    expect(text).toMatch(/^ {2}--example\.names +Whom\. In order\. \(default: a, b\)$/m);
    expect(text).toMatch(/^ {2}--machine\.name +Its name\. \(default: the name of the\n? *machine\)$/m);
    expect(text).toContain('(default: {"port":1})');
    expect(text).not.toMatch(/hunter|\*\*\*|\[object/);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it("a type in words, with the limits of a number and the properties of an object", () => {
    const types = new Map(describeOptions([machine]).map(({ option, type }) => [option, type]));
    expect(types.get("port")).toBe("integer from 0 to 65535");
    expect(types.get("load")).toBe("number above 0");
    expect(types.get("any")).toBe("integer");
    expect(types.get("rules")).toBe("list of { port }");
    expect(types.get("limits")).toBe("map of { cpu? }");
  });

  it("nothing of the machine on which they were written", () => {
    const [name] = describeOptions([machine]);
    expect(name).toMatchObject({ defaultText: "the name of the machine" });
    expect(JSON.stringify([name, jsonSchema([machine])]) + sample([machine])).not.toContain("node1");
    expect(sample([machine])).toContain("(string, default: the name of the machine)");
  });

  it("the editor's schema, closed, nothing required, old names marked", () => {
    expect(jsonSchema([group])).toMatchObject({
      additionalProperties: false,
      properties: {
        example: {
          additionalProperties: false,
          properties: {
            every: { default: "10s" },
            key: { type: "string", writeOnly: true },
            greeter: { deprecated: true, description: "Use example.driver." },
          },
        },
      },
    });
    expect(JSON.stringify(jsonSchema([group]))).not.toMatch(/"(required|secret|mutable|deprecatedNames)"/);
  });

  it("a sample that changes nothing, and with its marks removed sets every default", () => {
    const text = sample([group]);
    expect(parse(text)).toEqual({ example: null });
    const example = { driver: "./greeting.js#Greeting", every: "10s", names: ["a", "b"], mood: null, key: null };
    expect(parse(text.replace(/^ {2}# /gm, "  "))).toEqual({ example });
    expect(text).toContain("  ## How often.\n");
  });
});
