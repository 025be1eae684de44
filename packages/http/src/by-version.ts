import { Microversion, type MicroversionText } from "./microversion.js";

const BY_VERSION = Symbol.for("kilonova.byVersion");

/** Something that changed with microversions: each holds from its version until the next. */
export interface ByVersion<Value> {
  readonly [BY_VERSION]: 1;
  /** Newest first. */
  readonly entries: readonly { readonly from: Microversion; readonly value: Value }[];
}

/** Declares a schema that changed: `body: byVersion({ "2.1": createServer, "2.19": createServer219 })`. */
export function byVersion<Value>(values: Readonly<Record<MicroversionText, Value>>): ByVersion<Value> {
  const entries = Object.entries(values)
    .map(([text, value]) => ({ from: Microversion.of(text as MicroversionText), value: value as Value }))
    .sort((one, other) => other.from.compare(one.from));
  return { [BY_VERSION]: 1, entries };
}

export function isByVersion<Value>(value: Value | ByVersion<Value>): value is ByVersion<Value> {
  return typeof value === "object" && value !== null && Object.hasOwn(value, BY_VERSION);
}

/** Answers what holds at a version: undefined before the first. */
export type Versioned<Value> = (version: Microversion) => Value | undefined;

/** Makes each value once, and answers by version. */
export function compiledByVersion<Value, Compiled>(
  declared: Value | ByVersion<Value>,
  compile: (value: Value) => Compiled,
): Versioned<Compiled> {
  if (!isByVersion(declared)) {
    const only = compile(declared);
    return () => only;
  }
  const entries = declared.entries.map(({ from, value }) => ({ from, value: compile(value) }));
  return (version) => entries.find(({ from }) => version.compare(from) >= 0)?.value;
}
