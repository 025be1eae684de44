import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the checkout, whatever the working folder is. */
export const repositoryRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What the scripts keep between two runs. Deleting it costs time and nothing else. */
export const cacheFolder = join(repositoryRoot, "node_modules", ".cache", "kilonova");

/** The binary of a root devDependency; `npx` would search the network for a missing one. */
export function localBinary(name) {
  return join(repositoryRoot, "node_modules", ".bin", name);
}
