import { instantText } from "../scheduler/amounts.js";
import { type Column, printTable } from "../table.js";
import { printable, type Terminal } from "../terminal.js";
import type { ToldLetter } from "./told-letter.js";

const COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "AT (UTC)" },
  { title: "TOPIC" },
  { title: "METHOD", shrinks: true },
  { title: "TRIES", align: "right" },
];

/** A line for each, and why it was given up below. */
export function printDeadLetters(letters: readonly ToldLetter[], terminal: Terminal): void {
  if (letters.length === 0) {
    terminal.print("There are no dead letters.");
    return;
  }
  const rows = letters.map(({ id, at, topic, host, contract, method, deliveries, reason }) => ({
    cells: [
      id,
      instantText(at),
      host === null ? topic : `${topic} on ${host}`,
      method === null ? "unreadable" : `${contract}.${method}`,
      String(deliveries),
    ],
    below: [printable(`  ${reason}`)],
  }));
  printTable(terminal, COLUMNS, rows);
}

/** All of one. */
export function printDeadLetter(letter: ToldLetter, terminal: Terminal): void {
  const { args, ...facts } = letter;
  for (const [name, value] of Object.entries(facts)) {
    if (value !== null) terminal.print(printable(`${name.padEnd(11)} ${value}`));
  }
  terminal.print("args");
  for (const line of JSON.stringify(args, null, 2).split("\n")) terminal.print(printable(`  ${line}`));
}
