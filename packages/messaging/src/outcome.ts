/** Details of the refusals a method declares, by name. */
export type RefusalDetails = Readonly<Record<string, object>>;

/**
 * What a method that may refuse answers. Look at `ok`, then at `refusal`:
 *
 * @example
 * const renamed = await client.call.rename(context, { name, tags });
 * if (!renamed.ok) return renamed.refusal === "nameTaken" ? conflict(renamed.details.name) : …;
 */
export type Outcome<Value, Refusals extends RefusalDetails> = Ok<Value> | Refused<Refusals>;

export interface Ok<Value> {
  readonly ok: true;
  readonly value: Value;
}

export type Refused<Refusals extends RefusalDetails> = {
  readonly [Name in keyof Refusals & string]: {
    readonly ok: false;
    readonly refusal: Name;
    readonly details: Refusals[Name];
  };
}[keyof Refusals & string];

/** The outcome of a method that did what it was asked. */
export function ok(): Ok<void>;
export function ok<Value>(value: Value): Ok<Value>;
export function ok(value?: unknown): Ok<unknown> {
  return { ok: true, value };
}

/** The outcome of a method that refused. */
export function refused<const Name extends string, Details extends object>(
  refusal: Name,
  details: Details,
): { readonly ok: false; readonly refusal: Name; readonly details: Details } {
  return { ok: false, refusal, details };
}
