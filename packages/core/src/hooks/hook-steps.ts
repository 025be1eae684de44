import { HOOK_STEPS, isClass } from "../container/object-kind.js";

export type HookStep = (typeof HOOK_STEPS)[number];

/**
 * The steps that what an object path led to may have once it is made. All of them for a factory; a class may set one as a
 * field, which its prototype does not show, and then it is named in its source.
 */
export function possibleSteps(value: unknown): ReadonlySet<HookStep> {
  if (isClass(value)) return new Set(HOOK_STEPS.filter((step) => has(value.prototype, step) || isNamedIn(value, step)));
  if (typeof value === "function") return new Set(HOOK_STEPS);
  return new Set(HOOK_STEPS.filter((step) => has(value, step)));
}

function has(value: unknown, step: HookStep): boolean {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, step) === "function";
}

/** In the source of a class, or of one that it extends. */
function isNamedIn(type: unknown, step: HookStep): boolean {
  const named = new RegExp(`\\b${step}\\b`);
  for (let each = type; typeof each === "function" && isClass(each); each = Object.getPrototypeOf(each)) {
    if (named.test(Function.prototype.toString.call(each))) return true;
  }
  return false;
}
