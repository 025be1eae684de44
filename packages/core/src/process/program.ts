import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { owningFolder, readPackageFile } from "../plugins/package-file.js";

/** What the running program is called. */
export function programName(): string {
  return basename(process.argv[1] ?? "kilonova").replace(/\.[cm]?[jt]s$/, "");
}

/** The module of the running program: packages are found beside it. */
export function programPlaces(): readonly string[] {
  const [, script] = process.argv;
  return script === undefined ? [] : [pathToFileURL(realpathSync(script)).href];
}

/** The version of the package that the running program belongs to. */
export async function packageVersion(): Promise<string> {
  const [place] = programPlaces();
  const folder = place && (await owningFolder(fileURLToPath(place)));
  const file = folder ? await readPackageFile(folder) : undefined;
  return file?.version ?? "unknown";
}
