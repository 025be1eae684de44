import assert from "node:assert/strict";
import { inspect } from "node:util";

const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const CLAUSE = /^[a-z].*[^.\s]$/s;

/** Whatever was answered is a refusal: a code, words that fit into a sentence, and perhaps an outlook. */
export function assertRefusal(refusal: unknown): void {
  assert.ok(typeof refusal === "object" && refusal !== null, `answered ${inspect(refusal)}`);
  const { code, words, outlook = "never" } = refusal as Record<string, unknown>;
  assert.match(String(code), KEBAB_CASE);
  assertClause(words);
  assert.ok(["not-now", "never", "needs"].includes(String(outlook)), `no outlook: ${inspect(outlook)}`);
}

/** Words that go on within a sentence. */
export function assertClause(words: unknown): void {
  assert.equal(typeof words, "string");
  assert.match(String(words), CLAUSE, "words go on within a sentence: no capital in front, no full stop");
}
