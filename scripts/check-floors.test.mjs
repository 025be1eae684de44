import { describe, expect, it } from "vitest";
import { floorViolations, importedPackages } from "./check-floors.mjs";

function member(path, { dependencies = [], sources = [] } = {}) {
  return { name: `@kilonova/${path.split("/")[1]}`, path, dependencies, sources };
}

const lower = ["config", "messaging", "contracts", "plugin-api", "plugin-testing", "core", "database"].map((name) =>
  member(`packages/${name}`),
);

describe("the floors", () => {
  it("let a package import and depend on lower floors, and anything from outside", () => {
    const database = member("packages/scheduler", {
      dependencies: ["@kilonova/core", "zod"],
      sources: [{ file: "packages/scheduler/src/manager.ts", imports: ["@kilonova/core", "@kilonova/config", "zod"] }],
    });
    expect(floorViolations([...lower, database])).toEqual([]);
  });

  it("refuse an import upwards and one sideways", () => {
    const placement = member("packages/placement");
    const scheduler = member("packages/scheduler", {
      sources: [{ file: "packages/scheduler/src/claim.ts", imports: ["@kilonova/placement"] }],
    });
    const http = member("packages/http", { dependencies: ["@kilonova/scheduler"] });
    expect(floorViolations([...lower, placement, scheduler, http])).toEqual([
      "packages/scheduler/src/claim.ts uses @kilonova/placement: a package uses lower floors only",
      "packages/http/package.json uses @kilonova/scheduler: a package uses lower floors only",
    ]);
  });

  it("hold the tests of a package to the same rule", () => {
    const contracts = member("packages/contracts", {
      sources: [{ file: "packages/contracts/src/server.test.ts", imports: ["@kilonova/core"] }],
    });
    expect(floorViolations([...lower.filter(({ name }) => name !== contracts.name), contracts])).toHaveLength(1);
  });

  it("let a plugin use plugin-api alone, and plugin-testing in its tests", () => {
    const plugin = member("plugins/filter-ram", {
      dependencies: ["@kilonova/plugin-api"],
      sources: [
        { file: "plugins/filter-ram/src/index.ts", imports: ["@kilonova/plugin-api", "@kilonova/contracts"] },
        { file: "plugins/filter-ram/src/index.test.ts", imports: ["@kilonova/plugin-testing", "@kilonova/core"] },
      ],
    });
    expect(floorViolations([...lower, plugin])).toEqual([
      "plugins/filter-ram/src/index.ts uses @kilonova/contracts: this plugin may use plugin-api only",
      "plugins/filter-ram/src/index.test.ts uses @kilonova/core: this plugin may use plugin-api only",
    ]);
  });

  it("let a transport use messaging and config alone", () => {
    const transport = member("plugins/transport-rabbitmq", {
      dependencies: ["@kilonova/messaging", "@kilonova/config", "@kilonova/plugin-api"],
    });
    expect(floorViolations([...lower, transport])).toEqual([
      "plugins/transport-rabbitmq/package.json uses @kilonova/plugin-api: this plugin may use config and messaging only",
    ]);
  });

  it("want every package in the table", () => {
    expect(floorViolations([member("packages/kitchen")])).toEqual([
      "packages/kitchen is on no floor: add it to the table",
    ]);
  });
});

describe("importedPackages", () => {
  it("finds every form of import and export, and neither comments nor own files", () => {
    const source = [
      'import "reflect-metadata";',
      'import type { A } from "@kilonova/core/deep";',
      'import {\n  b,\n} from "zod";',
      'export * from "@kilonova/messaging";',
      'const c = await import("pg/lib/x.js");',
      'import { d } from "./d.js";',
      'import { e } from "node:fs";',
      '// import { f } from "commented";',
      '/** import { g } from "documented"; */',
    ].join("\n");
    expect(importedPackages(source)).toEqual([
      "reflect-metadata",
      "@kilonova/core",
      "zod",
      "@kilonova/messaging",
      "pg",
    ]);
  });
});
