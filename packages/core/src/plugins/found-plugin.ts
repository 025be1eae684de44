import { messageOf } from "@kilonova/messaging";
import type { PluginManifest } from "@kilonova/plugin-api";
import { pluginManifestSchema } from "@kilonova/plugin-api";
import { z } from "zod";
import { apiProblem } from "./api-version.js";
import { inOneLine, readPackageFile } from "./package-file.js";

/** Where a package was found: beside the configuration, among what we ship, or by a path that an option names. */
export type PackageSource = "configuration" | "box" | "path";

/** A package of which objects come. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  /** Its folder. */
  readonly directory: string;
  readonly from: PackageSource;
}

/** A package that says in its manifest that it is a plugin. */
export interface FoundPlugin extends FoundPackage {
  readonly description?: string;
  /** Undefined where it is wrong. */
  readonly manifest?: PluginManifest;
  /** What is wrong with it, a clause each, as far as can be told without loading it. */
  readonly problems: readonly string[];
  /** False for one that is never loaded: its manifest is wrong, or it was written for another plugin-api. */
  readonly fit: boolean;
  /** Hooks that it would enter, and that abort when they fail: a process does not go on without them by itself. */
  readonly closedHooks: readonly string[];
}

const PLACES: Readonly<Record<PackageSource, string>> = {
  configuration: "beside the configuration",
  box: "in the box",
  path: "named by its path",
};

/** A package with version and place, for messages: `acme-audit 1.2.0 (beside the configuration)`. */
export function describePackage({ name, version, from }: FoundPackage): string {
  return `${name} ${version} (${PLACES[from]})`;
}

/**
 * The plugin in a folder; undefined where there is no package, or one that is no plugin. Nothing of it is loaded.
 *
 * @param name by which it is imported
 */
export async function readPlugin(
  directory: string,
  from: PackageSource,
  name: string,
): Promise<FoundPlugin | undefined> {
  const unreadable = (error: unknown) => ({
    name,
    version: "of unknown version",
    directory,
    from,
    problems: [messageOf(error)],
    fit: false,
    closedHooks: [],
  });
  try {
    const own = await readPackageFile(directory);
    if (own?.kilonova === undefined) return undefined;
    const description = own.description === undefined ? {} : { description: own.description };
    return {
      name,
      version: own.version,
      directory,
      from,
      ...description,
      ...readManifest(own.kilonova),
      closedHooks: closedHooksOf(own.kilonova),
    };
  } catch (error) {
    return unreadable(error);
  }
}

function readManifest(written: unknown): Pick<FoundPlugin, "manifest" | "problems" | "fit"> {
  const parsed = pluginManifestSchema.safeParse(written);
  if (!parsed.success) {
    const words = `the "kilonova" part of its package.json is wrong: ${inOneLine(parsed.error)}`;
    return { problems: [words], fit: false };
  }
  const problem = apiProblem(parsed.data.api);
  if (problem === undefined) return { manifest: parsed.data, problems: [], fit: true };
  return { manifest: parsed.data, problems: [problem], fit: false };
}

const hooksSchema = z.object({
  hooks: z.array(
    z.object({ export: z.string(), failure: z.unknown().optional() }).catch({ export: "", failure: "open" }),
  ),
});

/** As far as they can be read: other parts of the manifest may be wrong. */
function closedHooksOf(written: unknown): readonly string[] {
  const parsed = hooksSchema.safeParse(written);
  if (!parsed.success) return [];
  return parsed.data.hooks.filter(({ failure }) => failure !== "open").map((hook) => hook.export);
}
