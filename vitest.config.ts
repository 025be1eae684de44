import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Whole-system tests start servers and processes: one file at a time, and minutes rather than seconds. */
function wholeSystem(name: string) {
  return {
    extends: true as const,
    test: { name, include: [`test/${name}/**/*.test.ts`], fileParallelism: false, testTimeout: 120_000 },
  };
}

/** Sources are tested where they stand, other packages through their `dist`: build before a run. */
export default defineConfig({
  test: {
    exclude: ["**/node_modules/**", "**/dist/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 15_000,
    hookTimeout: 120_000,
    globalSetup: [fileURLToPath(new URL("test/servers/postgres.global-setup.ts", import.meta.url))],
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["{packages,plugins,examples}/*/src/**/*.test.ts", "scripts/**/*.test.mjs"] },
      },
      wholeSystem("contracts"),
      wholeSystem("conformance"),
      wholeSystem("packaging"),
      wholeSystem("e2e"),
      wholeSystem("chaos"),
      wholeSystem("scale"),
    ],
  },
});
