import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";

const packageSchema = z.object({ name: z.string().min(1) });

/**
 * Makes the folder of a configuration, with packages in it as if `npm install` had put them there: so their manifests
 * count, and their names lead to them.
 *
 * @param plugins the folders of packages
 * @throws TypeError for a folder that is no package's
 */
export async function makeConfigurationFolder(folder: string, plugins: readonly string[]): Promise<void> {
  const modules = join(folder, "node_modules");
  await mkdir(modules, { recursive: true });
  const dependencies: Record<string, string> = {};
  for (const plugin of plugins.map((each) => resolve(each))) {
    const name = await nameOf(plugin);
    const link = join(modules, name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(plugin, link, "dir");
    dependencies[name] = pathToFileURL(plugin).href;
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
}

async function nameOf(plugin: string): Promise<string> {
  const path = join(plugin, "package.json");
  try {
    return packageSchema.parse(JSON.parse(await readFile(path, "utf8"))).name;
  } catch (cause) {
    throw new TypeError(`plugins: expected folders of packages, but ${path} cannot be read or names none.`, { cause });
  }
}
