import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Whole-system tests start servers and processes: minutes rather than seconds, for they may have to wait for a broker. */
function wholeSystem(name: string) {
  const limits = { testTimeout: 120_000, hookTimeout: 600_000 };
  return { extends: true as const, test: { name, include: [`test/${name}/**/*.test.ts`], ...limits } };
}

/** Sources are tested where they stand, other packages through their `dist`: build before a run. */
export default defineConfig({
  test: {
    exclude: ["**/node_modules/**", "**/dist/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 15_000,
    hookTimeout: 120_000,
    globalSetup: ["postgres", "npm-registry"].map((server) =>
      fileURLToPath(new URL(`test/servers/${server}.global-setup.ts`, import.meta.url)),
    ),
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{packages,plugins,examples}/*/src/**/*.test.ts", "scripts/**/*.test.mjs"],
          // No package holds state in its modules: files may share them, and need not load them each for itself.
          isolate: false,
        },
      },
      wholeSystem("contracts"),
      wholeSystem("conformance"),
      wholeSystem("interop"),
      wholeSystem("packaging"),
      wholeSystem("e2e"),
      wholeSystem("chaos"),
      wholeSystem("scale"),
    ],
  },
});
