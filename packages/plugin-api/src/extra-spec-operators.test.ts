import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { extraSpecRequirement } from "./extra-spec-operators.js";

const matches = (value: string, requirement: string) => extraSpecRequirement(requirement).matches(value);

describe("an extra spec's requirement", () => {
  it.each([
    ["1", "= 1", true],
    ["2", "= 1", true],
    ["0.9", "= 1", false],
    ["1.0", "== 1", true],
    ["1", "== 2", false],
    ["1", "!= 2", true],
    ["1", "!= 1.0", false],
    ["124", ">= 123", true],
    ["122", ">= 123", false],
    ["3", "<= 3", true],
    ["4", "<= 3", false],
    ["1e3", "== 1000", true],
    [" 5 ", "== 5", true],
    ["7", "<= inf", true],
    ["2", "s== 2", true],
    ["2.0", "s== 2", false],
    ["1234", "s!= 123", true],
    ["1000", "s>= 234", false],
    ["2345", "s>= 234", true],
    ["1000", "s<= 1000", true],
    ["12", "s< 13", true],
    ["13", "s< 13", false],
    ["2", "s> 2", false],
    ["3", "s> 2", true],
    ["12311321", "<in> 11", true],
    ["12310321", "<in> 11", false],
    ['["aes","mmx","aux"]', "<all-in> aes mmx", true],
    ['["aes","mmx","aux"]', "<all-in> aes sse", false],
    ["12", "<or> 11 <or> 12", true],
    ["12", "<or> 11 <or> 12 <or>", true],
    ["13", "<or> 11 <or> 12", false],
    ["<or>", "<or> 11 <or> 12", false],
    ["1", "1", true],
    ["1", "2", false],
    ["1", "", false],
    ["", "", true],
    ["1 2", "1 2", true],
    ["=1", "=1", true],
    ["1", "=1", false],
    ["> 1", "> 1", true],
    ["2", "> 1", false],
    ["2", "== 2 3", true],
  ])("%j against %j: %s", (value, requirement, expected) => {
    expect(matches(value, requirement)).toBe(expected);
  });

  it.each([
    [">=", "has no value after >="],
    ["s==  ", "has no value after s=="],
    ["<in>", "has no value after <in>"],
    ["<all-in>", "has no value after <all-in>"],
    ["<or>", "has no value after <or>"],
    ["== four", "has no number after =="],
    ["<= 0x10", "has no number after <="],
  ])("%j matches nothing and says why", (requirement, problem) => {
    const read = extraSpecRequirement(requirement);
    expect(read.problem).toBe(problem);
    expect(["", "4", requirement, "four"].filter((value) => read.matches(value))).toEqual([]);
  });

  it("takes no word for a number", () => {
    expect(["", "four", "0x10", "1,5", "NaN", "1e"].filter((value) => matches(value, "!= 3"))).toEqual([]);
  });

  it("reads whatever there is, and answers", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (value, requirement) => {
        expect(typeof matches(value, requirement)).toBe("boolean");
      }),
    );
  });

  const number = fc.double({ noNaN: true, noDefaultInfinity: true });

  it("compares numbers as numbers", () => {
    fc.assert(
      fc.property(number, number, (value, operand) => {
        const asked = (operator: string) => matches(String(value), `${operator} ${operand}`);
        expect(asked("=")).toBe(value >= operand);
        expect(asked(">=")).toBe(value >= operand);
        expect(asked("<=")).toBe(value <= operand);
        expect(asked("==")).toBe(value === operand);
        expect(asked("!=")).toBe(value !== operand);
      }),
    );
  });

  const word = fc.stringMatching(/^[a-z0-9._-]{1,8}$/);

  it("takes one of a list by <or>, and all of a list by <all-in>", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), word, (words, value) => {
        expect(matches(value, words.map((each) => `<or> ${each}`).join(" "))).toBe(words.includes(value));
        expect(matches(words.join(","), `<all-in> ${words.join(" ")}`)).toBe(true);
      }),
    );
  });
});
