/** Scheduler hints, as a command line says them. */
export type Hints = Readonly<Record<string, string | readonly string[]>>;

/** Adds `key=value` to the hints; a key that comes again has a list. Undefined where it is no such pair. */
export function withHint(hints: Hints, text: string): Hints | undefined {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) return undefined;
  const before = Object.hasOwn(hints, key) ? hints[key] : undefined;
  if (before === undefined) return { ...hints, [key]: value };
  return { ...hints, [key]: [...(typeof before === "string" ? [before] : before), value] };
}
