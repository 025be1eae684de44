import fc from "fast-check";
import { expect, it } from "vitest";
import { isNestedDeeper } from "./nesting.js";

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

it("tells how deep JSON is nested, whatever its texts hold", () => {
  const texts = fc.string({ unit: fc.constantFrom("[", "{", "]", "}", '"', "\\", "a") });
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 10, depthSize: "small" },
      texts,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(texts, tie("tree"), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(tree, fc.integer({ min: 0, max: 8 }), (value, most) => {
      expect(isNestedDeeper(JSON.stringify(value), most)).toBe(depthOf(value) > most);
    }),
  );
});

it.each([
  ["[".repeat(10_000), true],
  [`${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`, true],
  [`["${"[".repeat(10_000)}"]`, false],
  [`["${"[".repeat(200)}`, false],
  [`[${"[],".repeat(10_000)}[]]`, false],
])("is not fooled by %.12j", (text, deeper) => {
  expect(isNestedDeeper(text, 100)).toBe(deeper);
});
