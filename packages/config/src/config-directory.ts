import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { CONFIG_FILE_ENDINGS, type ConfigFile, readConfigFile, unusableFile } from "./config-file.js";

/**
 * The configuration files of a folder, in the order of their names; others and hidden ones are passed over. A folder that
 * is not there, or may not be read, is a problem: the operator named it.
 */
export async function configFilesIn(directory: string): Promise<readonly ConfigFile[]> {
  let names: readonly string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    const received = error instanceof Error ? error.message : String(error);
    return [unusableFile("configuration folder", directory, "a folder that can be read", received)];
  }
  const paths = names
    .filter(
      (name) => !name.startsWith(".") && CONFIG_FILE_ENDINGS.some((ending) => name.toLowerCase().endsWith(ending)),
    )
    .sort((one, other) => (one < other ? -1 : 1))
    .map((name) => join(directory, name));
  const files = await Promise.all(
    paths.map(async (path) => ((await isFolder(path)) ? [] : [await readConfigFile(path)])),
  );
  return files.flat();
}

/** A link counts as what it leads to; one that leads nowhere is left to the reading, which says so. */
function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
