import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * Whole-system tests start servers and processes: minutes rather than seconds. Files that run at the same time must not
 * share a broker: in a suite, one file at most has a cloud over RabbitMQ.
 */
function wholeSystem(name: string, fileParallelism = false) {
  return {
    extends: true as const,
    test: { name, include: [`test/${name}/**/*.test.ts`], fileParallelism, testTimeout: 120_000 },
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
      wholeSystem("e2e", true),
      wholeSystem("chaos", true),
      wholeSystem("scale"),
    ],
  },
});
