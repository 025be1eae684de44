import { describe, expect, it } from "vitest";
import { z } from "zod";
import { describeOptions } from "./describe-options.js";
import { jsonSchema } from "./json-schema.js";
import { namedObjects, objectPathsBelow } from "./named-objects.js";
import { objectPath } from "./object-path.js";
import { optionGroup } from "./option-group.js";

const kindsBelow = (type: z.ZodType) => objectPathsBelow(type).map(({ kind }) => kind);

describe("an option that names objects", () => {
  it("says of what kind they are, wrapped, in a list, in a table, or beside a word", () => {
    expect(kindsBelow(objectPath("filter"))).toEqual(["filter"]);
    expect(kindsBelow(objectPath("filter").default("a#B").describe("Who."))).toEqual(["filter"]);
    expect(kindsBelow(z.array(objectPath("filter")).default([]).describe("Who."))).toEqual(["filter"]);
    expect(kindsBelow(z.array(z.object({ at: z.string(), hook: objectPath("hook") })))).toEqual(["hook"]);
    expect(kindsBelow(z.record(z.string(), objectPath("filter")))).toEqual(["filter"]);
    expect(kindsBelow(objectPath("virt-driver").or(z.literal("auto")).default("auto"))).toEqual(["virt-driver"]);
  });

  it("need not say a kind", () => {
    expect(kindsBelow(objectPath().optional())).toEqual([undefined]);
    expect(kindsBelow(z.string().default("a#B"))).toEqual([]);
  });

  it("has those that its value names, in order", () => {
    expect(namedObjects(z.array(objectPath("filter")).default([]), ["a#B", "Short"])).toEqual([
      { path: "a#B", kind: "filter" },
      { path: "Short", kind: "filter" },
    ]);
    const entries = z.array(z.object({ at: z.string(), hook: objectPath("hook") }));
    expect(namedObjects(entries, [{ at: "x.y", hook: "a#B" }])).toEqual([{ path: "a#B", kind: "hook" }]);
    expect(namedObjects(objectPath("x").or(z.literal("auto")), "a#B")).toEqual([{ path: "a#B", kind: "x" }]);
    expect(namedObjects(objectPath().optional(), undefined)).toEqual([]);
    expect(namedObjects(z.string(), "a#B")).toEqual([]);
  });

  it("says its kind in help and messages; an editor's schema has nothing that editors do not know", () => {
    const group = optionGroup(
      "some",
      z.object({
        one: objectPath("filter").default("a#B").describe("One."),
        all: z.array(objectPath("weigher")).default([]).describe("All."),
      }),
    );
    expect(describeOptions([group]).map(({ type }) => type)).toEqual([
      expect.stringMatching(/^object path of kind filter \(package#export, /),
      expect.stringMatching(/^list of object path of kind weigher \(/),
    ]);
    expect(group.schema.safeParse({ one: "no path" }).error?.message).toContain(
      "expected an object path of kind filter",
    );
    expect(Object.keys(describeOptions([group])[0] ?? {})).not.toContain("objectPath");
    expect(JSON.stringify(jsonSchema([group]))).not.toContain('"objectPath"');
  });
});
