import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const { version: API_VERSION } = createRequire(import.meta.url)("@kilonova/plugin-api/package.json");

/** A plugin in plain JavaScript, as a test writes it: its code needs no package at all. */
export interface WrittenPlugin {
  readonly name: string;
  /** `1.0.0` where nothing is said. */
  readonly version?: string;
  /** The plugin-api range; that of this release where nothing is said. */
  readonly api?: string;
  readonly provides?: readonly { readonly kind: string; readonly export: string }[];
  readonly hooks?: readonly Readonly<Record<string, unknown>>[];
  readonly optionGroups?: readonly string[];
  readonly code: string;
}

/** Writes plugins into a folder as npm would have installed them beside the configuration there. */
export async function writePlugins(folder: string, plugins: readonly WrittenPlugin[]): Promise<void> {
  const dependencies = Object.fromEntries(plugins.map(({ name, version = "1.0.0" }) => [name, version]));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "site", private: true, dependencies }));
  for (const plugin of plugins) await writePlugin(folder, plugin);
}

async function writePlugin(folder: string, plugin: WrittenPlugin): Promise<void> {
  const {
    name,
    version = "1.0.0",
    api = `^${API_VERSION}`,
    provides = [],
    hooks = [],
    optionGroups = [],
    code,
  } = plugin;
  const place = join(folder, "node_modules", name);
  await mkdir(place, { recursive: true });
  const manifest = {
    name,
    version,
    type: "module",
    exports: "./index.js",
    kilonova: { api, provides, hooks, optionGroups },
  };
  await writeFile(join(place, "package.json"), JSON.stringify(manifest));
  await writeFile(join(place, "index.js"), code);
}

/** The code of a class that says what kind of plugin it is, as the base classes of plugin-api do. */
export function pluginClass(kind: string, name: string, body: string): string {
  return `export class ${name} { static [Symbol.for("kilonova.plugin")] = { kind: "${kind}", version: 1 }; ${body} }\n`;
}
