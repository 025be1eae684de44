import { KilonovaError } from "@kilonova/messaging";
import type { Hook } from "@kilonova/plugin-api";
import { describeValue, isClass } from "../container/object-kind.js";

const STEPS = ["pre", "post", "error"] as const;

/**
 * Holds that an object path led to a hook, or to the class of one. What a factory makes is checked when it is made.
 *
 * @throws KilonovaError `object.wrongKind`
 */
export function assertHook(value: unknown, path: string, asked: string): asserts value is Hook {
  if (typeof value === "function" && !isClass(value)) return;
  const steps: unknown = isClass(value) ? value.prototype : value;
  if (
    typeof steps === "object" &&
    steps !== null &&
    STEPS.some((step) => typeof Reflect.get(steps, step) === "function")
  )
    return;
  throw new KilonovaError(
    "object.wrongKind",
    `${asked}: ${path}: expected a hook, with a method pre, post or error, received ${describeValue(value)}.`,
  );
}
