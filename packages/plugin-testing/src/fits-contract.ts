import assert from "node:assert/strict";
import { type MethodSpec, type RpcContract, WireSchemas } from "@kilonova/messaging";

type Schema = Parameters<WireSchemas["strict"]>[0];

/** Compiled schemas are kept: to compile one takes milliseconds. */
const SCHEMAS = new WireSchemas();

/** What a method answered is what its contract says, to the letter, and survives the wire. */
export function assertFits({ name, methods }: RpcContract, method: string, answer: unknown): void {
  const [spec, what] = [methods[method], `result of ${name}.${method}`];
  assert.ok(spec, `contract ${name} has no method ${method}`);
  if (spec.refusals) assertOutcome(what, spec, answer);
  else assertValue(what, spec.result, answer);
}

function assertOutcome(what: string, { result, refusals = {} }: MethodSpec, answer: unknown): void {
  assert.ok(typeof answer === "object" && answer !== null && "ok" in answer, `${what} must be ok(…) or refused(…)`);
  const {
    ok,
    value,
    refusal = "",
    details,
  } = answer as Partial<Record<"value" | "details", unknown>> & {
    readonly ok: unknown;
    readonly refusal?: string;
  };
  if (ok === true) {
    assertValue(what, result, value);
    return;
  }
  assert.ok(Object.hasOwn(refusals, refusal), `${what}: the contract knows no refusal "${refusal}"`);
  assertValue(what, refusals[refusal], details);
}

function assertValue(what: string, schema: Schema | undefined, value: unknown): void {
  if (schema) {
    assert.equal(SCHEMAS.strict(schema, what)(value), undefined);
    assert.deepEqual(JSON.parse(JSON.stringify(value)), value, `${what} is not plain JSON`);
  } else assert.equal(value, undefined, `${what} must be none`);
}

/** True for a value that cannot cross the wire as what the schema says. */
export function isRefusedBy(schema: Schema, value: unknown): boolean {
  return SCHEMAS.strict(schema, "value")(value) !== undefined;
}
