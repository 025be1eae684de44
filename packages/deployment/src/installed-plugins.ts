import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isOptionGroup, type OptionGroup } from "@kilonova/config";
import { ObjectLoader } from "@kilonova/core";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { type PluginManifest, pluginManifestSchema } from "@kilonova/plugin-api";
import { z } from "zod";

const dependentSchema = z.looseObject({ dependencies: z.record(z.string(), z.string()).optional() });
const packageSchema = z.looseObject({ name: z.string(), kilonova: z.unknown().optional() });

/** A package that says it is a plugin. */
export interface InstalledPlugin {
  readonly name: string;
  readonly manifest: PluginManifest;
  /** Its folder. */
  readonly directory: string;
}

/**
 * The plugins among the packages that a folder's `package.json` depends on. A folder without one has none.
 *
 * @throws KilonovaError `object.wrongKind` naming the package whose manifest is wrong, and what is wrong with it
 */
export async function installedPlugins(directory: string): Promise<readonly InstalledPlugin[]> {
  const own = await readJson(join(directory, "package.json"));
  const found = await Promise.all(dependenciesOf(own, directory).map((name) => readPlugin(directory, name)));
  return found.filter((plugin) => plugin !== undefined);
}

/**
 * The option groups that a plugin declares in its manifest.
 *
 * @throws KilonovaError `object.*` naming the plugin, where it cannot be loaded or the manifest is wrong
 */
export async function optionGroupsOf(plugin: InstalledPlugin): Promise<readonly OptionGroup[]> {
  if (plugin.manifest.optionGroups.length === 0) return [];
  const loader = new ObjectLoader(plugin.directory);
  return Promise.all(
    plugin.manifest.optionGroups.map(async (name) => {
      const { value } = await loader.load(`${plugin.name}#${name}`, `the manifest of ${plugin.name}`);
      if (isOptionGroup(value)) return value;
      const words = `${plugin.name}: its manifest says that ${name} is an option group; it is none.`;
      throw new KilonovaError("object.wrongKind", words);
    }),
  );
}

function dependenciesOf(content: unknown, directory: string): readonly string[] {
  const own = dependentSchema.safeParse(content ?? {});
  if (own.success) return Object.keys(own.data.dependencies ?? {});
  const words = `${join(directory, "package.json")} is no package.json: ${z.prettifyError(own.error)}`;
  throw new KilonovaError("object.wrongKind", words);
}

async function readPlugin(directory: string, name: string): Promise<InstalledPlugin | undefined> {
  const folder = await packageFolder(directory, name);
  const content = folder === undefined ? undefined : await readJson(join(folder, "package.json"));
  const parsed = packageSchema.safeParse(content);
  if (folder === undefined || !parsed.success || parsed.data.kilonova === undefined) return undefined;
  const manifest = pluginManifestSchema.safeParse(parsed.data.kilonova);
  if (manifest.success) return { name, manifest: manifest.data, directory: folder };
  throw new KilonovaError(
    "object.wrongKind",
    `${name}: the "kilonova" part of its package.json is wrong: ${z.prettifyError(manifest.error)}`,
  );
}

/** Packages need not export their package.json: the folders on the way up are looked through. */
async function packageFolder(directory: string, name: string): Promise<string | undefined> {
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if ((await readJson(join(candidate, "package.json"))) !== undefined) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KilonovaError("object.wrongKind", `${path} is no JSON: ${messageOf(cause)}`, { cause });
  }
}
