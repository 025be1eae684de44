import { describe, expect, it } from "vitest";
import { couldHoldInSmallPages, fittingPageSize, type PageSize, readPageSize } from "./page-size.js";
import { numaCell } from "./testing/numa-cells.js";

describe("readPageSize", () => {
  it.each<[string, PageSize | undefined]>([
    ["small", "small"],
    ["large", "large"],
    ["any", "any"],
    ["2048", 2048],
    ["2MB", 2048],
    ["2MiB", 2048],
    ["1GB", 1_048_576],
    ["2048KB", 2048],
    ["16Mbit", 2048],
    ["0.5GB", 524_288],
    ["", undefined],
    ["0", undefined],
    ["huge", undefined],
    ["2M", undefined],
    ["-2MB", undefined],
  ])("%j", (text, size) => {
    expect(readPageSize(text)).toBe(size);
  });
});

describe("fittingPageSize", () => {
  const cell = numaCell({
    pages: [
      { sizeKb: 4, total: 262_144, used: 131_072 },
      { sizeKb: 2048, total: 512, used: 256 },
      { sizeKb: 1_048_576, total: 2, used: 1 },
    ],
  });

  it.each<[PageSize, number, number | undefined]>([
    ["small", 512, 4],
    ["small", 513, undefined],
    ["large", 512, 2048],
    ["large", 1024, 1_048_576],
    ["large", 513, undefined],
    ["any", 1024, 1_048_576],
    ["any", 511, 4],
    ["any", 512, 2048],
    [2048, 512, 2048],
    [2048, 514, undefined],
    [2048, 511, undefined],
    [4, 100, 4],
    [16, 16, undefined],
  ])("%j pages for %i MB", (asked, memoryMb, size) => {
    expect(fittingPageSize(cell, asked, memoryMb)).toBe(size);
  });

  it("finds no large ones where there is one size alone", () => {
    expect(fittingPageSize(numaCell({ pages: [{ sizeKb: 4, total: 1000, used: 0 }] }), "large", 1)).toBeUndefined();
    expect(fittingPageSize(numaCell(), "any", 1)).toBeUndefined();
  });
});

it("small pages may be overcommitted, but no server against itself", () => {
  const cell = numaCell({ pages: [{ sizeKb: 4, total: 256, used: 256 }] });
  expect(couldHoldInSmallPages(cell, 1)).toBe(true);
  expect(couldHoldInSmallPages(cell, 2)).toBe(false);
  expect(couldHoldInSmallPages(numaCell(), 9999)).toBe(true);
});
