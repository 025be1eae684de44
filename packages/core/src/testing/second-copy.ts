import { cp, mkdir, readFile, realpath, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const packages = fileURLToPath(new URL("../../../", import.meta.url));
const manifestSchema = z.object({ name: z.string(), dependencies: z.record(z.string(), z.string()).default({}) });

/** Puts a second copy of plugin-api, and of what it stands on, into a folder's `node_modules`, as npm would. */
export async function installSecondCopy(folder: string): Promise<void> {
  for (const name of ["plugin-api", "contracts", "messaging", "config"])
    await copyPackage(join(packages, name), folder);
}

async function copyPackage(source: string, folder: string): Promise<void> {
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(source, "package.json"), "utf8")));
  const target = join(folder, "node_modules", manifest.name);
  await cp(join(source, "dist"), join(target, "dist"), { recursive: true });
  await cp(join(source, "package.json"), join(target, "package.json"));
  const foreign = Object.keys(manifest.dependencies).filter((name) => !name.startsWith("@kilonova/"));
  for (const name of foreign) await link(join(source, "node_modules", name), join(folder, "node_modules", name));
}

async function link(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await symlink(await realpath(source), target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}
