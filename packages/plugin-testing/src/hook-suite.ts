import assert from "node:assert/strict";
import { type Hook, type HookEvent, RequestContext } from "@kilonova/plugin-api";
import type { ContractCheck } from "./contract-check.js";
import { soon } from "./settled.js";

/** What a hook is tried with: one operation at its point. */
export interface SampleOperation {
  readonly point: string;
  /** `1.0` where nothing is said. */
  readonly version?: string;
  readonly context?: RequestContext;
  readonly payload: unknown;
  /** The properties of the payload that the point lets a `pre` change. */
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
      name: `${name}: ${operation.point} (${index + 1})`,
      run: async () => check(await makeHook(), operation),
    }));
  return [
    { name: "a hook has pre, post or error", run: async () => hasSteps(await makeHook()) },
    ...each("pre answers nothing, a veto in words, or changes of what may be amended", checkPre),
    ...each("post settles and answers nothing", async (hook, operation) => {
      const answer = await soon(
        "post",
        settled(() => hook.post?.(eventOf(operation), frozen(operation.result))),
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
  const offending = Object.keys(answer.amend).filter((property) => !operation.amendable?.includes(property));
  assert.deepEqual(offending, [], "it amends what may not be amended");
}

/** Frozen all the way down, as core hands it out: a hook that writes to it fails. */
function eventOf({ point, version = "1.0", context = new RequestContext(), payload }: SampleOperation): HookEvent {
  return Object.freeze({ point, version, context, payload: frozen(payload) });
}

function frozen<Value>(value: Value): Value {
  const copy = structuredClone(value);
  const pending: unknown[] = [copy];
  for (let each = pending.pop(); each !== undefined; each = pending.pop()) {
    if (typeof each !== "object" || each === null) continue;
    Object.freeze(each);
    pending.push(...Object.values(each).filter((inner) => inner !== undefined));
  }
  return copy;
}

async function settled<Value>(step: () => Promise<Value> | Value): Promise<Value> {
  return step();
}
