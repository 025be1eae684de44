/**
 * Finds the lines on which the keys of a TOML document stand; its parser tells values alone. Good for keys of the first two
 * levels, however they are written: `[group]` and `option =`, `group.option =`, `[group.option]`, `group = { … }`.
 */
export function tomlLines(text: string): (group: string, option?: string) => number | undefined {
  const found = new Map<string, number>();
  const note = (names: readonly string[], line: number) => {
    for (const depth of [1, 2]) {
      const name = JSON.stringify(names.slice(0, depth));
      if (names.length >= depth && !found.has(name)) found.set(name, line);
    }
  };
  let table: readonly string[] = [];
  let openQuotes: string | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (openQuotes === undefined) {
      const header = HEADER.exec(line)?.[1];
      const key = KEY.exec(line)?.[1];
      if (header !== undefined) {
        table = namesOf(header);
        note(table, index + 1);
      } else if (key !== undefined) {
        note([...table, ...namesOf(key)], index + 1);
      }
    }
    openQuotes = quotesAfter(line, openQuotes);
  }
  return (group, option) =>
    found.get(JSON.stringify(option === undefined ? [group] : [group, option])) ?? found.get(JSON.stringify([group]));
}

const NAME = /(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')/.source;
const NAMES = `${NAME}(?:\\s*\\.\\s*${NAME})*`;
const HEADER = new RegExp(`^\\s*\\[{1,2}\\s*(${NAMES})\\s*\\]{1,2}`);
const KEY = new RegExp(`^\\s*(${NAMES})\\s*=`);

function namesOf(dotted: string): readonly string[] {
  return [...dotted.matchAll(new RegExp(NAME, "g"))].map(([name]) => name.replace(/^(["'])(.*)\1$/, "$2"));
}

/** The triple quotes of a text that goes on in the next line; what stands there is no key. */
function quotesAfter(line: string, open: string | undefined): string | undefined {
  let quotes = open;
  for (const [mark] of line.matchAll(/"""|'''/g)) {
    if (quotes === undefined) quotes = mark;
    else if (quotes === mark) quotes = undefined;
  }
  return quotes;
}
