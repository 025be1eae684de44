import { describe, expect, it } from "vitest";
import { z } from "zod";
import { duration, milliseconds } from "./duration.js";
import { nearestName } from "./nearest-name.js";
import { objectPath, parseObjectPath } from "./object-path.js";
import { isOptionGroup, optionGroup } from "./option-group.js";
import { metadataOf } from "./option-metadata.js";

describe("a group", () => {
  it.each([
    ["a name in kebab-case", () => optionGroup("my-group", z.object({}))],
    ["an option that is no single word", () => optionGroup("mine", z.object({ "a.b": z.string().describe("A.") }))],
    ["an option without description", () => optionGroup("mine", z.object({ a: z.string() }))],
    [
      "metadata of the wrong type",
      () => optionGroup("mine", z.object({ a: z.string().meta({ description: "A", secret: 1 }) })),
    ],
  ])("refuses %s", (_, declare) => {
    expect(declare).toThrow(TypeError);
  });

  it("is known by its tag, and finds metadata below a default", () => {
    const type = z.string().describe("A.").meta({ secret: true }).default("x");
    expect(isOptionGroup(optionGroup("mine", z.object({ a: type })))).toBe(true);
    expect(isOptionGroup({ name: "mine", schema: z.object({}) })).toBe(false);
    expect(metadataOf(type)).toEqual({ description: "A.", secret: true, mutable: false, deprecatedNames: [] });
  });
});

describe("a duration", () => {
  it.each([
    ["250ms", 250],
    ["1.5s", 1_500],
    ["2m", 120_000],
    ["1d", 86_400_000],
    [3, 3_000],
  ] as const)("%s is %i ms", (text, expected) => {
    expect(milliseconds(text)).toBe(expected);
    expect(duration("1s").parse(text)).toBe(expected);
  });

  it.each(["-5s", "1e3s", "5", "s", "5 s", -1, Number.NaN, null])("%s is refused, not thrown at", (text) => {
    expect(duration("1s").safeParse(text).success).toBe(false);
  });
});

describe("an object path", () => {
  it.each([
    ["package#Export", { specifier: "package", exportName: "Export" }],
    ["@scope/package/sub/path#Export", { specifier: "@scope/package/sub/path", exportName: "Export" }],
    ["./file.js#Export", { specifier: "./file.js", exportName: "Export" }],
    ["../a folder/file.js#$_1", { specifier: "../a folder/file.js", exportName: "$_1" }],
    ["/opt/file.js", { specifier: "/opt/file.js" }],
    ["package", { specifier: "package" }],
    ["ComputeFilter", { shortName: "ComputeFilter" }],
  ])("%s is taken apart", (text, expected) => {
    expect(parseObjectPath(text)).toEqual(expected);
    expect(objectPath().safeParse(text).success).toBe(true);
  });

  it.each([
    "",
    "#Export",
    "package#",
    "package#a-b",
    "package#a#b",
    "Package#A",
    "Package/sub",
    "Two Words",
    "package/../x#A",
    "pa ckage",
    "file:///x.js#A",
    "...",
  ])("%j is none", (text) => {
    expect(parseObjectPath(text)).toBeUndefined();
    expect(objectPath().safeParse(text).success).toBe(false);
  });
});

it.each([
  ["maxAttemps", "maxAttempts"],
  ["znoe", "zone"],
  ["ZONE", "zone"],
  ["nothing", undefined],
])("the name nearest to %s is %s", (name, expected) => {
  expect(nearestName(name, ["maxAttempts", "zone", "interval"])).toBe(expected);
});
