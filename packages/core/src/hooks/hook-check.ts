import type { Hook } from "@kilonova/plugin-api";
import { checkKind } from "../container/object-kind.js";

/**
 * Holds that what was made is a hook.
 *
 * @throws KilonovaError `object.wrongKind`
 */
export function assertHook(value: unknown, path: string, asked: string): asserts value is Hook {
  checkKind(value, path, asked, "hook");
}
