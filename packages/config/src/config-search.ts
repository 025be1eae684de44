import { stat } from "node:fs/promises";
import { join } from "node:path";
import { CONFIG_FILE_ENDINGS, type ConfigFile, readConfigFile } from "./config-file.js";

const NAMES = CONFIG_FILE_ENDINGS.map((ending) => `kilonova.config${ending}`);

/** The folders that are searched, in order: the working folder, the user's, the machine's. */
export function searchFolders(cwd: string, home: string, xdgConfigHome: string | undefined): readonly string[] {
  return [cwd, join(xdgConfigHome || join(home, ".config"), "kilonova"), "/etc/kilonova"];
}

/**
 * The first file found in the folders; undefined when there is none. One that is there and cannot be read is a problem, not
 * passed over. A folder that is missing, or that this user may not enter (sudo keeps HOME), has none.
 */
export async function findConfigFile(folders: readonly string[]): Promise<ConfigFile | undefined> {
  for (const folder of folders) {
    for (const name of NAMES) {
      const path = join(folder, name);
      if (await isThere(path)) return readConfigFile(path);
    }
  }
  return undefined;
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
