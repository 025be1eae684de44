import { styleText } from "node:util";

/** Where a command writes: results to one stream, progress and complaints to the other. */
export interface Terminal {
  /** A line of the result. */
  print(line: string): void;
  /** A line that says what goes on. */
  progress(line: string): void;
  /** Columns that help may take. */
  readonly width: number;
  /** Whether the result goes to somebody who sees colours. */
  readonly hasColours: boolean;
}

const WIDTH_OF_NO_TERMINAL = 100;
const WIDEST = 120;

export const processTerminal: Terminal = {
  print: (line) => process.stdout.write(`${line}\n`),
  progress: (line) => process.stderr.write(`${line}\n`),
  width: Math.min(process.stdout.columns ?? WIDTH_OF_NO_TERMINAL, WIDEST),
  hasColours: process.stdout.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb",
};

/** How a text may look: for what is good, bad, of note, a heading, or beside the point. */
const STYLES = { good: "green", bad: "red", note: "yellow", heading: "bold", aside: "dim" } as const;

export type TextStyle = keyof typeof STYLES;

/** The text in a style, where the terminal shows any. It takes as many columns as before. */
export function styled({ hasColours }: Terminal, style: TextStyle, text: string): string {
  return hasColours ? styleText(STYLES[style], text, { validateStream: false }) : text;
}

/** A text from elsewhere without what would steer the terminal: names may hold any character. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "\ufffd");
}

/** Bad usage and bad options end with 2, everything else that fails with 1. */
export const EXIT_USAGE = 2;
export const EXIT_FAILURE = 1;

/** Numbers the steps of a long command with the time each took. */
export function stopwatch(terminal: Terminal, now: () => number = () => performance.now()): (message: string) => void {
  const start = now();
  return (message) => terminal.progress(`[${((now() - start) / 1_000).toFixed(1).padStart(5)} s] ${message}`);
}
