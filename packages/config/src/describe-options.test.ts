import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { describeOptions } from "./describe-options.js";
import { duration } from "./duration.js";
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

describe("from the declaration come", () => {
  it("the help's data", () => {
    expect(
      describeOptions([group]).map(({ option, type, default: preset, required }) => [option, type, preset, required]),
    ).toEqual([
      [
        "driver",
        "object path (package#export, package/subpath#export or ./file.js#export)",
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
