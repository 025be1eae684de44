import { printable, styled, type Terminal, type TextStyle } from "../terminal.js";

/** A name, and what there is to say under it; left out where there is nothing. */
export interface Fact {
  readonly name: string;
  readonly text: string | null | undefined;
  readonly style?: TextStyle;
}

/** Columns of the names. */
const NAMES = 11;

/** Prints facts, a name each, the text beside it in lines that fit. */
export function printFacts(facts: readonly Fact[], terminal: Terminal): void {
  for (const { name, text, style } of facts) {
    if (!text) continue;
    for (const [index, line] of wrapped(text, terminal.width - NAMES).entries()) {
      const label = (index === 0 ? name : "").padEnd(NAMES);
      terminal.print(styled(terminal, "heading", label) + (style ? styled(terminal, style, line) : line));
    }
  }
}

/** The words of a text in lines of so many columns; a longer word has a line of its own. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).map(printable)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
