/**
 * What a constructor parameter asks for. A registered symbol, so that the tokens of two copies of this package are the
 * same; the type says what is injected.
 */
export type Token<Value> = symbol & { readonly [TOKEN_VALUE]?: Value };

declare const TOKEN_VALUE: unique symbol;

const PREFIX = "kilonova.token:";
const DRIVER_PREFIX = `${PREFIX}driver:`;
const DRIVERS_PREFIX = `${PREFIX}drivers:`;

/** Declares a token. Names are kebab-case, prefixed with the package's name where it is not one of ours. */
export function token<Value>(name: string): Token<Value> {
  return Symbol.for(PREFIX + name) as Token<Value>;
}

/** The token of the object that an option names by its path, or of the list of objects that it names. */
export function driverToken(option: string, list: boolean): symbol {
  return Symbol.for((list ? DRIVERS_PREFIX : DRIVER_PREFIX) + option);
}

/** What a driver token asks for; undefined for another token. */
export function readDriverToken(asked: symbol): { readonly option: string; readonly list: boolean } | undefined {
  const key = Symbol.keyFor(asked) ?? "";
  if (key.startsWith(DRIVER_PREFIX)) return { option: key.slice(DRIVER_PREFIX.length), list: false };
  if (key.startsWith(DRIVERS_PREFIX)) return { option: key.slice(DRIVERS_PREFIX.length), list: true };
  return undefined;
}

/** A token's name, for messages. */
export function describeToken(asked: symbol): string {
  return (Symbol.keyFor(asked) ?? asked.description ?? "a token").replace(PREFIX, "");
}
