import { offerServer } from "./offered-server.js";

/** One npm registry for a whole test run, filled with the packages of the workspace: `OutsideFolder` installs from it. */
export function setup(): Promise<() => Promise<void>> {
  return offerServer("KILONOVA_TEST_REGISTRY_SOCKET", async () => {
    // Loaded when it is needed: the other suites have no use for it.
    const { startNpmRegistry } = await import("./npm-registry.js");
    return startNpmRegistry();
  });
}
