import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { markOffence, marksOf, SinceMarks, since } from "./since.js";
import type { Version } from "./version.js";

const marks = new SinceMarks();
const newer = since("1.2", z.string().optional());
const inner = z.object({ old: z.string(), fresh: newer });
const tree = z.object({
  fresh: newer,
  get children() {
    return z.array(tree).optional();
  },
});

describe("what is newer than a peer knows", () => {
  it.each([
    ["a property", inner, { old: "o", fresh: "f" }, { old: "o" }],
    ["one in an array", z.array(inner), [{ old: "o", fresh: "f" }], [{ old: "o" }]],
    ["one in a table", z.record(z.string(), inner), { a: { old: "o", fresh: "f" } }, { a: { old: "o" } }],
    ["one in a tuple", z.tuple([z.string(), inner]), ["x", { old: "o", fresh: "f" }], ["x", { old: "o" }]],
    [
      "one in what may be null",
      z.object({ in: inner.nullable() }),
      { in: { old: "o", fresh: "f" } },
      { in: { old: "o" } },
    ],
    ["nothing of null", z.object({ in: inner.nullable() }), { in: null }, { in: null }],
    ["at every depth of a tree", tree, { children: [{ fresh: "f", children: [] }] }, { children: [{ children: [] }] }],
    ["nothing of what no schema names", inner, { old: "o", other: 1 }, { old: "o", other: 1 }],
  ] as const)("is left out: %s", (_, schema, value, left) => {
    expect(marks.fit(schema, value, "1.1")).toEqual({ value: left });
    expect(marks.fit(schema, value, "1.2").value).toEqual(value);
  });

  it("is named where it cannot be left out", () => {
    const schema = z.object({ in: z.array(z.object({ must: since("1.2", z.string()) })) });
    const value = { in: [{ must: "x" }] };
    expect(marks.fit(schema, value, "1.1").missing).toEqual({ path: "in.0.must", since: "1.2" });
    expect(marks.fit(schema, value, "1.2")).toEqual({ value, newest: "1.2" });
  });

  it("is all that is left out, and what is left is known to the peer", () => {
    const schema = z.object({
      a: z.string().optional(),
      b: since("1.3", z.object({ c: since("1.5", z.string().optional()) }).optional()),
    });
    const values = fc.record(
      { a: fc.string(), b: fc.record({ c: fc.string() }, { requiredKeys: [] }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 9 }), (value, minor) => {
        const { b, ...known } = value;
        const ofB = minor >= 5 ? b : b && {};
        const left = b !== undefined && minor >= 3 ? { ...known, b: ofB } : known;
        const fitted = marks.fit(schema, value, `1.${minor}` as Version);
        expect(fitted.value).toEqual(left);
        expect(marks.fit(schema, fitted.value, `1.${minor}` as Version).value).toEqual(left);
      }),
    );
  });

  it("costs a schema without marks nothing: its values are what they were", () => {
    const value = { old: "o" };
    expect(marks.fit(z.object({ old: z.string() }), value, "1.0").value).toBe(value);
  });
});

describe("marks of a schema", () => {
  it("are found at any depth", () => {
    expect(marksOf(z.array(tree))).toEqual(["1.2"]);
    expect(marksOf(z.object({ a: z.string() }))).toEqual([]);
  });

  it.each([
    ["an optional property", inner, undefined],
    ["a required one as old as its method", z.object({ a: since("1.1", z.string()) }), undefined],
    ["a required one that is newer", z.object({ a: z.object({ b: since("1.2", z.string()) }) }), "property `b`"],
    ["the elements of an array", z.object({ a: z.array(since("1.2", z.string())) }), "no property"],
    ["the whole", since("1.2", z.object({})), "no property"],
    ["inside a union", z.union([z.string(), inner]), "inside `union`"],
  ] as const)("may stand at what can be left out alone: %s", (_, schema, offence) => {
    const found = markOffence(schema, "1.1");
    if (offence === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(offence);
  });
});
