import type { Reading } from "./benchmark.js";

/** One number, and what it is of. */
export interface Result extends Reading {
  readonly bench: string;
  readonly case: string;
}

const HEADER = ["bench", "case", "metric", "value", "unit"] as const;
const VALUE = HEADER.indexOf("value");

/** The results in columns, the values aligned by their points. */
export function resultsTable(results: readonly Result[]): string {
  const rows = [
    HEADER,
    ...results.map((result) => [result.bench, result.case, result.metric, shown(result.value), result.unit]),
  ];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) =>
      column === VALUE ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
  return rows.map((row) => line(row).join("  ").trimEnd()).join("\n");
}

function shown(value: number): string {
  return value.toFixed(2);
}
