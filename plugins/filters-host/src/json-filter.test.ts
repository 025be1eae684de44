import { sampleHost, sampleRequest } from "@kilonova/plugin-testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonFilter } from "./json-filter.js";
import { QUERY_LIMITS } from "./json-query.js";

const HOST = sampleHost({
  host: "host1",
  resources: { MEMORY_MB: { total: 4096, used: 1024 }, DISK_GB: { total: 200, used: 0 } },
  stats: { tier: "gold", cpu_info: { cores: 8 } },
});

function verdict(query: unknown) {
  const filter = new JsonFilter();
  const request = sampleRequest({ hints: { query } });
  if (!filter.concerns(request)) return "no concern";
  return filter.hostPasses(HOST, request, filter.prepare(request));
}

const DIFFERS = { code: "query-differs", words: "do not match the query of the hints" };

describe("JsonFilter", () => {
  it.each<[unknown, boolean]>([
    [["=", 1, 1], true],
    [["=", 1, 2], false],
    [["=", 1, 1, 1], true],
    [["=", 1, 1, 2], false],
    [["=", "1", 1], false],
    [["=", 1, true], true],
    [["=", "a", "a"], true],
    [["=", 1], false],
    [["="], false],
    [["<", 1, 2], true],
    [["<", 1, 2, 3], true],
    [["<", 2, 2], false],
    [["<", 1, "2"], false],
    [["<", "a", "b"], true],
    [["<", 10], false],
    [[">", 2, 1], true],
    [[">", 2, 1, 2], false],
    [["<=", 2, 2, 3], true],
    [["<=", 3, 2], false],
    [[">=", 2, 2, 1], true],
    [[">=", 1, 2], false],
    [["in", 1, 1, 2], true],
    [["in", 3, 1, 2], false],
    [["in", "a", "b", "a"], true],
    [["in", 1], false],
    [["not", false], true],
    [["not", true], false],
    [["not", true, false], true],
    [["not"], false],
    [["or", false, true], true],
    [["or", false, false], false],
    [["or"], false],
    [["and", true, true], true],
    [["and", true, false], false],
    [["and"], true],
    [["and", 1, "x", []], true],
    [["and", 0], false],
    [["=", "$host", "host1"], true],
    [["=", "$host", "host2"], false],
    [["in", "$host", "host2", "host1"], true],
    [[">=", "$free_ram_mb", 3072], true],
    [[">=", "$free_ram_mb", 3073], false],
    [[">=", "$free_disk_mb", 204800], true],
    [["and", [">=", "$free_ram_mb", 1024], [">=", "$free_disk_mb", 204800]], true],
    [["or", ["and", ["<", "$free_ram_mb", 30], ["<", "$free_disk_mb", 300]], [">", "$free_ram_mb", 30]], true],
    [["not", [">=", "$free_ram_mb", 1024]], false],
    [["and", ["not", [">=", "$free_ram_mb", 1024]]], false],
    [["=", "$stats.tier", "gold"], true],
    [["=", "$cpu_info.cores", 8], true],
    [["=", "$service.disabled", false], true],
    [["=", "$num_io_ops", 0], true],
    // What a host does not have is left out.
    [["=", "$nothing", 1, 1], true],
    [["=", "$nothing", 1], false],
    [["=", "$tier", "gold"], false],
    [["=", "$stats.tier.deeper", "gold"], false],
    [["=", "$__proto__.constructor", 1], false],
    [["not", ["=", "$nothing", 1]], true],
    [["=", "", "a", "a"], true],
  ])("%j: %s", (query, holds) => {
    expect(verdict(JSON.stringify(query))).toEqual(holds || DIFFERS);
    expect(verdict([JSON.stringify(query)])).toEqual(holds || DIFFERS);
    // A list of one text is a text.
    if (Array.isArray(query) && query.length > 1) expect(verdict(query)).toEqual(holds || DIFFERS);
  });

  it.each([[undefined], [null], [""], [[]], [0], [false]])("has no concern with %j", (query) => {
    expect(verdict(query)).toBe("no concern");
  });

  it.each(["null", "[]", "{}", "0", '""', "false"])("lets pass what asks for nothing: %s", (query) => {
    expect(verdict(query)).toBe(true);
  });

  const nested = (depth: number) => `${'["not",'.repeat(depth)}true${"]".repeat(depth)}`;

  it.each([
    ["[", "is no JSON"],
    ["$free_ram_mb", "is no JSON"],
    ['"="', "is no list of an operator and operands"],
    ["5", "is no list of an operator and operands"],
    ['{"=": 1}', "is no list of an operator and operands"],
    ['["~", 1, 2]', 'has an operator that there is not: "~"'],
    ['["__proto__", 1]', 'has an operator that there is not: "__proto__"'],
    ['["=", ["xor", 1], 2]', 'has an operator that there is not: "xor"'],
    ["[1, 2]", "has an operator that there is not: number"],
    ['[["="], 1]', "has an operator that there is not: object"],
    ['["=", {"a": 1}]', "has an object for an operand"],
    [nested(33), "is deeper than 32 levels"],
    [nested(6_000), "is deeper than 32 levels"],
    ["[".repeat(60_000), "is no JSON"],
    [JSON.stringify(["or", ...Array(1_000).fill(["not", 1])]), "has more than 1000 operators"],
    [`["=", "${"x".repeat(QUERY_LIMITS.length)}"]`, `is longer than ${QUERY_LIMITS.length} characters`],
    [["=", "x".repeat(QUERY_LIMITS.length)], `is longer than ${QUERY_LIMITS.length} characters`],
    [["=", ...Array(QUERY_LIMITS.length + 1).fill(1)], `is longer than ${QUERY_LIMITS.length} characters`],
    [{ "=": [1, 1] }, "is no list of an operator and operands"],
    [7, "is no list of an operator and operands"],
  ])("drops every host for what cannot be read (%#)", (query, problem) => {
    const words = `cannot match the query of the hints, which ${problem}`;
    expect(verdict(query)).toEqual({ code: "query-unreadable", words });
  });

  it("reads as deep and as many as it says", () => {
    expect(verdict(nested(QUERY_LIMITS.depth))).toBe(true);
    expect(verdict(["or", ...Array(QUERY_LIMITS.operators - 1).fill(["not", 1]), true])).toBe(true);
  });

  it("reads a list that is far too deep to be written", () => {
    let query: unknown[] = ["not", true];
    for (let depth = 0; depth < 100_000; depth += 1) query = ["not", query];
    expect(verdict(query)).toMatchObject({ code: "query-unreadable" });
    expect(new JsonFilter().signature(sampleRequest({ hints: { query } }))).toBe(
      "unreadable: is deeper than 32 levels",
    );
  });

  const operator = fc.constantFrom("=", "<", ">", "<=", ">=", "in", "not", "or", "and", "nand");
  const name = fc.constantFrom("$host", "$free_ram_mb", "$stats.tier", "$", "$.", "$stats..x", "$metrics", "");
  const { query: likely } = fc.letrec((tie) => ({
    query: fc.tuple(operator, fc.array(tie("operand"), { maxLength: 4 })).map(([first, rest]) => [first, ...rest]),
    operand: fc.oneof({ depthSize: "small" }, name, fc.jsonValue(), tie("query")),
  }));

  it("never throws, whatever JSON or text it is given, and says the same for list and text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), likely, fc.json(), fc.string()), (query) => {
        const answer = verdict(query);
        expect(answer === true || answer === "no concern" || typeof answer === "object").toBe(true);
        if (Array.isArray(query) && query.length > 1) expect(verdict(JSON.stringify(query))).toEqual(answer);
      }),
    );
  });
});
