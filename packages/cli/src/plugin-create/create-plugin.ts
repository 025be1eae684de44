import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { nearestName } from "@kilonova/config";
import { PLUGIN_API_VERSION } from "@kilonova/core";
import { PLUGIN_KINDS, type PluginKind } from "@kilonova/plugin-api";
import { pluginNames } from "./plugin-names.js";
import { PluginTemplate } from "./plugin-template.js";

/** What is to be written. */
export interface PluginRequest {
  readonly kind: string;
  /** Its folder, which is missing or empty; the last part names the package, and its scope where it is in an `@scope`. */
  readonly path: string;
  /** A sentence; the kind's own where there is none. */
  readonly description?: string;
  /** Groups of options that there are already. */
  readonly knownGroups: readonly string[];
}

/** What was written. */
export interface CreatedPlugin {
  /** Its folder, absolute. */
  readonly directory: string;
  /** Paths within it. */
  readonly files: readonly string[];
  /** The lines that put it to use. */
  readonly configuration: string;
}

/**
 * Writes the package of a plugin: one that builds, passes the contract suite of its kind, and does something small.
 *
 * @returns what was written; or, where nothing was, the problem in words
 */
export async function createPlugin(request: PluginRequest): Promise<CreatedPlugin | { readonly problem: string }> {
  const { kind, path, knownGroups } = request;
  if (!isKind(kind)) return { problem: unknownKind(kind) };
  const directory = resolve(path);
  const names = pluginNames(basename(directory), basename(dirname(directory)));
  if ("problem" in names) return names;
  if (knownGroups.includes(names.groupName)) {
    return { problem: `there is a group of options ${names.groupName} already: give the package another name` };
  }
  const template = await PluginTemplate.read(kind);
  const clash = template.clashing(names);
  if (clash !== undefined) {
    return {
      problem: `"${names.packageName}" would give the name ${clash} to two things: choose another, such as my-${names.fileName}`,
    };
  }
  const occupied = await whyOccupied(directory);
  if (occupied !== undefined) return { problem: occupied };
  const description = (request.description?.trim() || template.description).replace(/\.$/, "");
  const files = template.files(names, kind, description, `^${PLUGIN_API_VERSION}`);
  for (const [file, text] of files) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), text, { flag: "wx" });
  }
  return { directory, files: [...files.keys()], configuration: template.configuration(names) };
}

function isKind(text: string): text is PluginKind {
  return PLUGIN_KINDS.some((kind) => kind === text);
}

function unknownKind(text: string): string {
  const meant = nearestName(text, PLUGIN_KINDS);
  const guess = meant === undefined ? "" : ` Did you mean ${meant}?`;
  return `there is no kind of plugin "${text}".${guess} The kinds are ${PLUGIN_KINDS.join(", ")}`;
}

/** Why a folder cannot be written into, in words; undefined where it can. */
async function whyOccupied(directory: string): Promise<string | undefined> {
  try {
    const entries = await readdir(directory);
    return entries.length === 0 ? undefined : `${directory} is not empty`;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return undefined;
    if (code === "ENOTDIR") return `${directory} is not a folder`;
    throw error;
  }
}
