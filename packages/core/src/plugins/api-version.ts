import { createRequire } from "node:module";
import semver from "semver";
import { z } from "zod";

/** The version of plugin-api that this process has: what the ranges in manifests are held against. */
export const PLUGIN_API_VERSION: string = z
  .object({ version: z.string() })
  .parse(createRequire(import.meta.url)("@kilonova/plugin-api/package.json")).version;

/** What keeps a plugin that asks for this range of plugin-api from running here, in words; undefined where nothing does. */
export function apiProblem(range: string, version: string = PLUGIN_API_VERSION): string | undefined {
  if (semver.validRange(range) === null) {
    return `its manifest asks for plugin-api "${range}", which is no range of versions; "^${version}" would be one`;
  }
  if (semver.satisfies(version, range, { includePrerelease: true })) return undefined;
  return `expected plugin-api ${range}, received ${version}; install a release of it that is for ${version}`;
}
