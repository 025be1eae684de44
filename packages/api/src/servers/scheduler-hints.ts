/** Bytes of JSON. */
const LONGEST_QUERY = 65_536;
const DEEPEST_QUERY = 32;

/** Hints as the scheduler gets them: those whose names begin with `_` are its own, and nobody's to send. */
export function publicHints(hints: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(hints).filter(([name]) => !name.startsWith("_")));
}

/** Why hint `query` can be no condition on hosts; undefined where it may be one, or there is none. */
export function queryRefusal({ query }: Readonly<Record<string, unknown>>): string | undefined {
  if (query === undefined) return undefined;
  const refuse = (words: string) => `Invalid scheduler hint query: ${words}.`;
  const text = typeof query === "string" ? query : JSON.stringify(query);
  if (Buffer.byteLength(text) > LONGEST_QUERY) return refuse(`it has more than ${LONGEST_QUERY} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("it is not JSON");
  }
  return isDeeper(value, DEEPEST_QUERY) ? refuse(`it is nested more than ${DEEPEST_QUERY} deep`) : undefined;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
