import { describe, expect, it } from "vitest";
import { codeOf, withCode } from "./sync-guides.mjs";

const SOURCE = [
  'import { a } from "a";',
  "",
  "class Weigher {",
  "  // #region weigh",
  "  weigh(host) {",
  "    // #region inner",
  "    return -host.servers;",
  "    // #endregion",
  "  }",
  "  // #endregion weigh",
  "}",
  "",
].join("\n");

const sources = { "examples/w.ts": SOURCE, "site.yaml": "# #region list\nscheduler:\n  weighers: []\n# #endregion\n" };

function readSource(path) {
  if (!(path in sources)) throw new Error(`there is no file ${path}`);
  return sources[path];
}

describe("code in a page", () => {
  it("is written below its mark, and again over what was there", () => {
    const once = withCode("Text.\n\n<!-- code: site.yaml -->\n\nMore.\n", readSource);
    expect(once).toBe("Text.\n\n<!-- code: site.yaml -->\n\n```yaml\nscheduler:\n  weighers: []\n```\n\nMore.\n");
    expect(withCode(once, readSource)).toBe(once);
    expect(withCode(once.replace("weighers: []", "weighers: [old]"), readSource)).toBe(once);
  });

  it("leaves a block alone that belongs to no mark", () => {
    const page = "```sh\nnpm test\n```\n\n<!-- code: site.yaml#list -->\n\nText.\n\n```sh\nnpm start\n```\n";
    const after = withCode(page, readSource);
    expect(after).toContain("```sh\nnpm start\n```");
    expect(after.match(/```yaml/g)).toHaveLength(1);
    const next = withCode("<!-- code: site.yaml -->\n\n```sh\nnpm start\n```\n", readSource);
    expect(next).toMatch(/```yaml\n[^`]*```\n\n```sh\nnpm start\n```\n$/);
  });

  it("is the whole file or a region, without the marks and without the indent that all lines share", () => {
    expect(codeOf(SOURCE, "w.ts", "weigh")).toEqual(["weigh(host) {", "  return -host.servers;", "}"]);
    expect(codeOf(SOURCE, "w.ts", "inner")).toEqual(["return -host.servers;"]);
    expect(codeOf(SOURCE, "w.ts")).toEqual([
      'import { a } from "a";',
      "",
      "class Weigher {",
      "  weigh(host) {",
      "    return -host.servers;",
      "  }",
      "}",
    ]);
  });

  it("is one property where it is of JSON", () => {
    expect(codeOf('{ "name": "a", "kilonova": { "api": "^0.1.0" } }', "package.json", "kilonova")).toEqual([
      "{",
      '  "kilonova": {',
      '    "api": "^0.1.0"',
      "  }",
      "}",
    ]);
    expect(() => codeOf("{}", "package.json", "kilonova")).toThrow("package.json has no property kilonova");
  });

  it("may hold fences of its own", () => {
    const page = withCode("<!-- code: a.md -->", () => "```sh\nls\n```\n");
    expect(page).toBe("<!-- code: a.md -->\n\n````md\n```sh\nls\n```\n````");
    expect(withCode(page, () => "```sh\nls\n```\n")).toBe(page);
  });

  it.each([
    ["a file that is not there", "<!-- code: nothing.ts -->", "there is no file nothing.ts"],
    ["a region that is not there", "<!-- code: examples/w.ts#filter -->", "examples/w.ts has no region filter"],
    ["a block without end", "<!-- code: examples/w.ts -->\n```ts\nold", "the block in line 2 has no end"],
  ])("names %s", (_what, page, words) => {
    expect(() => withCode(page, readSource)).toThrow(words);
  });

  it("names a region without end, and one without code", () => {
    expect(() => codeOf("// #region a\nx", "w.ts", "a")).toThrow("region a of w.ts has no end");
    expect(() => codeOf("// #region a\n\n// #endregion", "w.ts", "a")).toThrow("w.ts#a is empty");
  });
});
