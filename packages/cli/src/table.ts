import { printable, styled, type Terminal, type TextStyle } from "./terminal.js";

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly align?: "left" | "right";
  /** It gives way where the terminal is too narrow: what does not fit is cut off. */
  readonly shrinks?: true;
}

/** A row: a text for each column, and lines that go below it as they are. */
export interface Row {
  readonly cells: readonly string[];
  readonly style?: TextStyle;
  readonly below?: readonly string[];
}

const GAP = "  ";
/** A column never gives way further. */
const NARROWEST = 8;

/**
 * Prints a table: titles, then the rows in columns as wide as what is in them. Blanks at the end of a line are left out.
 *
 * @param indent blanks before each line, but for those below a row
 */
export function printTable(
  terminal: Terminal,
  columns: readonly Column[],
  rows: readonly Row[],
  indent: string = "",
): void {
  const titles = columns.map(({ title }) => title);
  const widths = fitted(
    columns,
    columns.map((_, index) =>
      Math.max(...[titles, ...rows.map(({ cells }) => cells)].map((row) => lengthAt(row, index))),
    ),
    terminal.width - indent.length,
  );
  const line = (cells: readonly string[]) =>
    (indent + columns.map((column, index) => cell(column, cells[index] ?? "", widths[index] ?? 0)).join(GAP)).trimEnd();
  terminal.print(styled(terminal, "heading", line(titles)));
  for (const { cells, style, below } of rows) {
    terminal.print(style ? styled(terminal, style, line(cells)) : line(cells));
    for (const text of below ?? []) terminal.print(text);
  }
}

/** The text in so many columns, its end cut off where it does not fit. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function fitted(columns: readonly Column[], widths: readonly number[], room: number): readonly number[] {
  let excess = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - room;
  return widths.map((width, index) => {
    if (excess <= 0 || !columns[index]?.shrinks) return width;
    const narrower = Math.min(width, Math.max(NARROWEST, width - excess));
    excess -= width - narrower;
    return narrower;
  });
}

function cell({ align, shrinks }: Column, text: string, width: number): string {
  const fitting = shrinks ? cut(printable(text), width) : printable(text);
  return align === "right" ? fitting.padStart(width) : fitting.padEnd(width);
}

function lengthAt(cells: readonly string[], index: number): number {
  return cells[index]?.length ?? 0;
}
