import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCpuMask, readCpuSet } from "./cpu-set.js";

describe("readCpuSet", () => {
  it.each<[string, number[] | undefined]>([
    ["", []],
    ["0", [0]],
    ["0-3", [0, 1, 2, 3]],
    [" 0-1 , 3 ", [0, 1, 3]],
    ["0-3,^2", [0, 1, 3]],
    ["^2,0-3", [0, 1, 3]],
    ["0-3,^1-2", [0, 3]],
    ["1,1", [1]],
    [",0,", [0]],
    ["^2", []],
    ["8", undefined],
    ["0-8", undefined],
    ["0-999999999", undefined],
    ["3-1", undefined],
    ["a", undefined],
    ["-1", undefined],
    ["1-", undefined],
    ["0x1", undefined],
  ])("%j of 8 CPUs", (text, cpus) => {
    const found = readCpuSet(text, 8);
    expect(found && [...found]).toEqual(cpus);
  });

  it("names no CPU that there is not", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9,^ -]*$/), fc.integer({ min: 1, max: 40 }), (text, count) => {
        for (const cpu of readCpuSet(text, count) ?? []) expect(cpu).toBeLessThan(count);
      }),
    );
  });
});

it("readCpuMask leaves out of all where it begins so", () => {
  expect([...(readCpuMask("^0-1", 4) ?? [])]).toEqual([2, 3]);
  expect([...(readCpuMask("0-1", 4) ?? [])]).toEqual([0, 1]);
});
