import { type Configuration, loadConfiguration } from "@kilonova/config";
import { RUNTIME_GROUPS } from "../runtime.js";

/** A configuration of given values and no file, for a folder. */
export function configurationOf(
  values: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
  folder = "/",
): Promise<Configuration> {
  return loadConfiguration({
    program: "test",
    argv: [],
    env: {},
    cwd: folder,
    searchFolders: [],
    groups: RUNTIME_GROUPS,
    overrides: { ...values, log: { level: "silent", ...values["log"] } },
  });
}
