import { access, mkdir, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { starterFiles } from "./starter-files.js";

/** What npm lets a package be called: short of a scope, which a folder's name has none of. */
const PACKAGE_NAME = /^[a-z0-9][a-z0-9._-]{0,213}$/;

/** A folder could not be made, in words for whoever asked for it. */
export class CreateError extends Error {}

/**
 * Writes the files of a new cloud into a folder, which may be there but must have none of them. It may not be a
 * `node_modules`, nor within one: what npm does not know there it removes.
 *
 * @param release the version of `kilonova` that the cloud starts with
 * @returns the folder's whole path
 * @throws CreateError; nothing has been written then
 */
export async function createFolder(folder: string, release: string): Promise<string> {
  const path = resolve(folder);
  if (path.split(/[\\/]/).includes("node_modules")) {
    throw new CreateError(`${path} is npm's own: it removes what it did not put there; name another folder.`);
  }
  const files = starterFiles(packageName(basename(path)), release);
  const present = await Promise.all([...files.keys()].map((name) => isThere(join(path, name))));
  const taken = [...files.keys()].filter((_, index) => present[index]);
  if (taken.length > 0) throw new CreateError(`${path} has ${taken.join(", ")} already; name another folder.`);
  try {
    await mkdir(path, { recursive: true });
    for (const [name, text] of files) await writeFile(join(path, name), text, { flag: "wx" });
  } catch (cause) {
    throw new CreateError(`${path} cannot be written: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  return path;
}

/** The folder's name as npm takes it. */
function packageName(name: string): string {
  const fitting = name.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, "-");
  return PACKAGE_NAME.test(fitting) ? fitting : "kilonova-cloud";
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
