import assert from "node:assert/strict";
import { type Hook, type HookEvent, type HookPointDeclaration, RequestContext } from "@kilonova/plugin-api";
import type { z } from "zod";
import type { ContractCheck } from "./contract-check.js";
import { frozenCopy } from "./frozen-copy.js";
import { soon } from "./settled.js";

/** What a hook is tried with: one operation at its point. */
export interface SampleOperation {
  /** A declared point says all the rest of itself, and that payload and result are what it hands out is checked. */
  readonly point: string | HookPointDeclaration;
  /** Of a point by its name; `1.0` where nothing is said. */
  readonly version?: string;
  readonly context?: RequestContext;
  readonly payload: unknown;
  /** The properties of the payload that a point by its name lets a `pre` change. */
  readonly amendable?: readonly string[];
  /** What the method answers. */
  readonly result?: unknown;
}

/** What every hook promises for the operations it is made for, as checks for any test runner. */
export function hookSuite(
  makeHook: () => Promise<Hook> | Hook,
  operations: readonly SampleOperation[],
): readonly ContractCheck[] {
  const each = (
    name: string,
    check: (hook: Hook, operation: SampleOperation) => Promise<void>,
  ): readonly ContractCheck[] =>
    operations.map((operation, index) => ({
      name: `${name}: ${pointOf(operation).name} (${index + 1})`,
      run: async () => check(await makeHook(), operation),
    }));
  return [
    { name: "a hook has pre, post or error", run: async () => hasSteps(await makeHook()) },
    ...each("pre answers nothing, a veto in words, or changes of what may be amended", checkPre),
    ...each("post settles and answers nothing", async (hook, operation) => {
      const answer = await soon(
        "post",
        settled(() => hook.post?.(eventOf(operation), resultOf(operation))),
      );
      assert.equal(answer, undefined);
    }),
    ...each("error settles and answers nothing", async (hook, operation) => {
      const answer = await soon(
        "error",
        settled(() => hook.error?.(eventOf(operation), new Error("a sample failure"))),
      );
      assert.equal(answer, undefined);
    }),
  ];
}

function hasSteps(hook: Hook): void {
  const steps = (["pre", "post", "error"] as const).filter((step) => typeof hook[step] === "function");
  assert.ok(steps.length > 0, "it has none of them");
}

async function checkPre(hook: Hook, operation: SampleOperation): Promise<void> {
  const answer: unknown = await soon(
    "pre",
    settled(() => hook.pre?.(eventOf(operation))),
  );
  if (answer === undefined) return;
  assert.ok(typeof answer === "object" && answer !== null, `it answers ${JSON.stringify(answer)}`);
  if ("veto" in answer) {
    assert.ok(typeof answer.veto === "string" && answer.veto.trim() !== "", "the veto has no words");
    return;
  }
  assert.ok(
    "amend" in answer && typeof answer.amend === "object" && answer.amend !== null,
    "neither a veto nor an amendment",
  );
  const { amendable = [], payload: schema } = pointOf(operation).spec;
  const offending = Object.keys(answer.amend).filter((property) => !amendable.includes(property));
  assert.deepEqual(offending, [], "it amends what may not be amended");
  const amended: unknown = Object.assign({}, operation.payload, answer.amend);
  assert.equal(schema?.safeParse(amended).error?.message, undefined, "the amended payload is none of the point's");
}

function pointOf({ point, version, amendable }: SampleOperation): Pick<HookPointDeclaration, "name" | "spec"> {
  if (typeof point !== "string") return point;
  return { name: point, spec: { ...(version ? { version } : {}), ...(amendable ? { amendable } : {}) } };
}

/** As core hands it out: what the point names, frozen all the way down, so that a hook that writes to it fails. */
function eventOf(operation: SampleOperation): HookEvent {
  const { name: point, spec } = pointOf(operation);
  const { context = new RequestContext() } = operation;
  const payload = frozenCopy(shown(spec.payload, operation.payload, `the sample payload at ${point}`));
  return Object.freeze({ point, version: spec.version ?? "1.0", context, payload });
}

function resultOf(operation: SampleOperation): unknown {
  const { name, spec } = pointOf(operation);
  return frozenCopy(shown(spec.result, operation.result, `the sample result at ${name}`));
}

function shown(schema: z.ZodType | undefined, value: unknown, what: string): unknown {
  if (!schema) return value;
  const { data, error } = schema.safeParse(value);
  assert.equal(error?.message, undefined, `${what} is none of the point's`);
  return data;
}

async function settled<Value>(step: () => Promise<Value> | Value): Promise<Value> {
  return step();
}
