import type { HookPointRow, HookRow } from "@kilonova/core";
import type { Terminal } from "../terminal.js";

/** Points with what happens at each, and below each who is on it. */
export function printHookPoints(points: readonly HookPointRow[], terminal: Terminal): void {
  for (const [index, point] of points.entries()) {
    if (index > 0) terminal.print("");
    printPoint(point, terminal);
  }
}

function printPoint(row: HookPointRow, terminal: Terminal): void {
  const { point, version, stability, description, amendable, hooks, problem } = row;
  terminal.print(stability === null ? point : `${point} ${version}, ${stability}`);
  if (description !== null) terminal.print(`  ${description}`);
  if (amendable.length > 0) terminal.print(`  May be amended: ${amendable.join(", ")}.`);
  if (problem !== undefined) terminal.print(`  ! ${problem}`);
  for (const hook of hooks) {
    terminal.print(`  ${lineOf(hook)}`);
    if (hook.problem !== undefined) terminal.print(`    ! ${hook.problem}`);
  }
}

function lineOf({ path, from, order, failure, timeLimit, disabled }: HookRow): string {
  const limits = `failure ${failure}, ${timeLimit} ms`;
  return `${String(order).padStart(5)}  ${path}  by ${from}  ${disabled ? "DISABLED" : limits}`;
}
