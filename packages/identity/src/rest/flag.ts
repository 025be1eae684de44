/** A flag of a query, as OpenStack's identity reads it: `enabled`, `enabled=true`, `enabled=1` are all yes. */
export function flag(text: string): boolean {
  return !["false", "0", "no", "off", "n", "f"].includes(text.toLowerCase());
}
