import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { cosmiconfig } from "cosmiconfig";
import { CONFIG_FILE_ENDINGS, type ConfigFile, parseConfigFile, unusableFile } from "./config-file.js";

const NAMES = CONFIG_FILE_ENDINGS.map((ending) => `kilonova.config${ending}`);

/** The folders that are searched, in order: the working folder, the user's, the machine's. */
export function searchFolders(cwd: string, home: string, xdgConfigHome: string | undefined): readonly string[] {
  return [cwd, join(xdgConfigHome || join(home, ".config"), "kilonova"), "/etc/kilonova"];
}

/** The first file found in the folders; undefined when there is none. */
export async function findConfigFile(folders: readonly string[]): Promise<ConfigFile | undefined> {
  const loaders = Object.fromEntries(
    CONFIG_FILE_ENDINGS.map((ending) => [
      ending,
      (path: string, text: string): ConfigFile => parseConfigFile(path, text),
    ]),
  );
  const explorer = cosmiconfig("kilonova", {
    searchPlaces: NAMES,
    searchStrategy: "none",
    ignoreEmptySearchPlaces: false,
    cache: false,
    loaders,
  });
  for (const folder of folders) {
    // No such folder, or one that this user may not enter (sudo keeps HOME).
    if (!(await isThere(folder))) continue;
    // cosmiconfig passes over what it may not read; an operator's file must not be ignored in silence.
    const refused = await findUnreadable(folder);
    if (refused) return refused;
    const found = await explorer.search(folder);
    if (found) return found.isEmpty ? parseConfigFile(found.filepath, "{}") : found.config;
  }
  return undefined;
}

async function findUnreadable(folder: string): Promise<ConfigFile | undefined> {
  for (const name of NAMES) {
    const path = join(folder, name);
    if (!(await isThere(path))) continue;
    try {
      const file = await open(path, "r");
      await file.close();
      return undefined;
    } catch (error) {
      const received = error instanceof Error ? error.message : String(error);
      return unusableFile("configuration file", path, "a file that can be read", received);
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
