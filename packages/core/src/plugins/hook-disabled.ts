import { parseObjectPath } from "@kilonova/config";

/** True where `hooks.disabled` names a hook: by its path as it is entered, or by the export that this leads to. */
export function isHookDisabled(disabled: readonly string[], path: string): boolean {
  const exportName = parseObjectPath(path)?.exportName;
  return disabled.some((each) => each === path || each === exportName);
}
