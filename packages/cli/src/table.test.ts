import { describe, expect, it } from "vitest";
import { cut, printTable } from "./table.js";
import type { Terminal } from "./terminal.js";

function printed(width: number, hasColours: boolean, ...[columns, rows, indent]: TableArguments): readonly string[] {
  const lines: string[] = [];
  const terminal = { print: (line: string) => lines.push(line), progress: () => {}, width, hasColours };
  printTable(terminal, columns, rows, indent);
  return lines;
}

type TableArguments = Parameters<typeof printTable> extends [Terminal, ...infer Rest] ? Rest : never;

const columns = [{ title: "NAME" }, { title: "HOSTS", align: "right" }, { title: "WORDS", shrinks: true }] as const;

describe("a table", () => {
  it("has columns as wide as what is in them, numbers at the right, and lines below rows", () => {
    const rows = [
      { cells: ["ComputeFilter", "12", "all is well"], below: ["  ! or not"] },
      { cells: ["X", "7", ""] },
      { cells: ["Y"] },
    ];
    expect(printed(100, false, columns, rows)).toEqual([
      "NAME           HOSTS  WORDS",
      "ComputeFilter     12  all is well",
      "  ! or not",
      "X                  7",
      "Y",
    ]);
  });

  it("cuts a column that gives way, down to what can still be read", () => {
    const rows = [{ cells: ["ComputeFilter", "12", "all is well that ends well"] }];
    expect(printed(34, false, columns, rows, "  ")[1]).toBe("  ComputeFilter     12  all is we…");
    expect(printed(10, false, columns, rows)[1]).toBe("ComputeFilter     12  all is …");
  });

  it("styles whole lines, so that columns stay where they are", () => {
    const lines = printed(100, true, [{ title: "A" }, { title: "B" }], [{ cells: ["1", "2"], style: "bad" }]);
    expect(lines).toEqual(["\u001b[1mA  B\u001b[22m", "\u001b[31m1  2\u001b[39m"]);
  });

  it("has titles alone where there are no rows", () => {
    expect(printed(100, false, columns, [])).toEqual(["NAME  HOSTS  WORDS"]);
  });
});

it("a text is cut where it does not fit", () => {
  expect([cut("abc", 3), cut("abcd", 3), cut("abc", 1), cut("abc", 0)]).toEqual(["abc", "ab…", "…", "…"]);
});
