import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { z } from "zod";

const names = z.record(z.string(), z.string()).default({});
const packageSchema = z.looseObject({
  name: z.string().optional(),
  version: z.string().default("without a version"),
  description: z.string().optional(),
  dependencies: names,
  optionalDependencies: names,
  main: z.string().optional(),
  exports: z.unknown().optional(),
  kilonova: z.unknown().optional(),
});

/** The parts of a `package.json` that say what a package is and what it stands on. */
export type PackageFile = Readonly<z.output<typeof packageSchema>>;

/**
 * The `package.json` of a folder; undefined where it has none.
 *
 * @throws KilonovaError `object.wrongKind` naming the file, where it is no JSON or no package.json
 */
export async function readPackageFile(directory: string): Promise<PackageFile | undefined> {
  const path = join(directory, "package.json");
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = packageSchema.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data;
  throw new KilonovaError("object.wrongKind", `${path} is no package.json: ${inOneLine(parsed.error)}.`);
}

/** What zod found wrong, as part of a sentence. */
export function inOneLine(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}

/** Packages need not export their package.json: the folders on the way up are looked through, as Node does. */
export async function packageFolder(directory: string, name: string): Promise<string | undefined> {
  for (const folder of foldersUp(directory)) {
    const candidate = join(folder, "node_modules", name);
    if (await hasPackageFile(candidate)) return candidate;
  }
  return undefined;
}

/** The nearest folder, this one or one above, that has a `package.json`; undefined where none has. */
export async function nearestPackageFolder(directory: string): Promise<string | undefined> {
  for (const folder of foldersUp(directory)) if (await hasPackageFile(folder)) return folder;
  return undefined;
}

/** The folder of the package that a file belongs to; undefined where it belongs to none that has a name. */
export async function owningFolder(file: string): Promise<string | undefined> {
  for (const folder of foldersUp(dirname(file))) {
    const own = await readPackageFile(folder).catch(() => undefined);
    if (own?.name !== undefined) return folder;
  }
  return undefined;
}

function foldersUp(directory: string): readonly string[] {
  const folders = [resolve(directory)];
  for (let folder = resolve(directory); folder !== dirname(folder); folder = dirname(folder))
    folders.push(dirname(folder));
  return folders;
}

async function hasPackageFile(directory: string): Promise<boolean> {
  return readFile(join(directory, "package.json")).then(
    () => true,
    () => false,
  );
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KilonovaError("object.wrongKind", `${path} is no JSON: ${messageOf(cause)}`, { cause });
  }
}
