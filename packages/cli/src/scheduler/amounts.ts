/** An instant as people read it, to the second. */
export function instantText(instant: string): string {
  return instant.replace("T", " ").slice(0, 19);
}

/** Milliseconds with three digits that count. */
export function millisecondsText(milliseconds: number): string {
  if (milliseconds >= 100) return milliseconds.toFixed(0);
  return milliseconds.toFixed(milliseconds >= 10 ? 1 : 2);
}

/** A number as a weigher gives it: whole ones whole, others with three places, huge ones by their power of ten. */
export function numberText(value: number): string {
  if (Math.abs(value) >= 1e12) return value.toExponential(2);
  return String(Number(value.toFixed(3)));
}

/** `3 servers`, `1 server`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Names with how often each is there: `host1 ×2, host2`. */
export function tally(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`)).join(", ");
}
