/**
 * True where JSON text is nested deeper than `most`. It is asked before anything reads the text that would need a stack as
 * deep. Text with fewer brackets than that, which is nearly all, is not looked at letter by letter.
 */
export function isNestedDeeper(text: string, most: number): boolean {
  return hasMoreOpenings(text, most) && deepest(text, most) > most;
}

function hasMoreOpenings(text: string, most: number): boolean {
  let left = most;
  for (const opening of ["{", "["]) {
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1)) {
      left -= 1;
      if (left < 0) return true;
    }
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;

/** How deep the text is nested; more than `most` as soon as that is known. */
function deepest(text: string, most: number): number {
  let depth = 0;
  let highest = 0;
  for (let at = 0; at < text.length && highest <= most; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at);
    else if (code === BRACKET || code === BRACE) highest = Math.max(highest, ++depth);
    else if (code === BRACKET_END || code === BRACE_END) depth -= 1;
  }
  return highest;
}

/** Where the quotation that begins at `at` ends. */
function endOfText(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
