import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testFolder } from "./folder.js";

/** A folder with a configuration and plugins beside it, each with its manifest and its module. */
export async function cloudFolder(
  configuration: unknown,
  plugins: Readonly<Record<string, readonly [kilonova: unknown, index: string]>>,
): Promise<string> {
  const installed = Object.entries(plugins).flatMap(([name, [kilonova, index]]) => [
    [
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: "1.0.0", type: "module", exports: "./index.js", kilonova }),
    ] as const,
    [`node_modules/${name}/index.js`, index] as const,
  ]);
  const dependencies = Object.fromEntries(Object.keys(plugins).map((name) => [name, "*"]));
  const folder = await testFolder({
    "package.json": JSON.stringify({ dependencies }),
    "kilonova.config.json": JSON.stringify(configuration),
    ...Object.fromEntries(installed),
  });
  await mkdir(join(folder, "node_modules/@kilonova"), { recursive: true });
  const ours = fileURLToPath(new URL("../../../config", import.meta.url));
  await symlink(ours, join(folder, "node_modules/@kilonova/config"));
  await symlink(join(ours, "node_modules/zod"), join(folder, "node_modules/zod"));
  return folder;
}
