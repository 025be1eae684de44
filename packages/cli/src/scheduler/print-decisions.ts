import type { SchedulingDecision } from "@kilonova/contracts";
import { type Column, cut, printTable, type Row } from "../table.js";
import { printable, type Terminal, type TextStyle } from "../terminal.js";
import { instantText, millisecondsText, tally } from "./amounts.js";
import type { ListedDecision } from "./replies.js";

const COLUMNS: readonly Column[] = [
  { title: "AT (UTC)" },
  { title: "OUTCOME" },
  { title: "SERVER" },
  { title: "MS", align: "right" },
  { title: "HOST", shrinks: true },
];

const STYLES: Partial<Record<SchedulingDecision["outcome"], TextStyle>> = { "no-valid-host": "bad", failed: "bad" };

/** A line for each; what the user was told stands below. */
export function printDecisions(decisions: readonly ListedDecision[], terminal: Terminal): void {
  if (decisions.length === 0) {
    terminal.print("There is no such decision.");
    return;
  }
  const rows = decisions.map((decision) => rowOf(decision, terminal.width));
  printTable(terminal, COLUMNS, rows);
}

function rowOf(decision: ListedDecision, width: number): Row {
  const { at, outcome, serverIds, milliseconds, selections, message } = decision;
  const [first = "none", ...others] = serverIds;
  const servers = others.length === 0 ? first : `${first} +${others.length}`;
  const style = STYLES[outcome];
  return {
    cells: [
      instantText(at),
      outcome,
      servers,
      millisecondsText(milliseconds),
      tally(selections.map(({ host }) => host)),
    ],
    ...(style ? { style } : {}),
    below: message === null ? [] : [cut(`  ${printable(message)}`, width)],
  };
}
