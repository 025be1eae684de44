import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { testFolder } from "../testing/folder.js";
import { culpritOf, culpritText } from "./loop-watch-culprit.js";

const NODE = { functionName: "listOnTimeout", url: "node:internal/timers", line: 581 };

async function packageFolder() {
  return await testFolder({
    "package.json": '{"name":"kilonova-slow-filter"}',
    "dist/index.js": "",
    "dist/cjs/package.json": '{"type":"commonjs"}',
    "dist/cjs/slow.cjs": "",
  });
}

describe("who blocks the loop", () => {
  it("is named by function, package, file and line", async () => {
    const url = pathToFileURL(join(await packageFolder(), "dist/index.js")).href;
    const culprit = culpritOf([{ functionName: "hostPasses", url, line: 12 }, NODE]);
    expect(culprit).toEqual({
      function: "hostPasses",
      file: "dist/index.js",
      line: 12,
      package: "kilonova-slow-filter",
    });
    expect(culprit && culpritText(culprit)).toBe("hostPasses of kilonova-slow-filter (dist/index.js:12)");
  });

  it("is the innermost call that is not Node's own", async () => {
    const folder = await packageFolder();
    const stack = [
      { functionName: "spawnSync", url: "node:internal/child_process", line: 1 },
      { functionName: "inner", url: join(folder, "dist/cjs/slow.cjs"), line: 2 },
      { functionName: "outer", url: join(folder, "dist/cjs/slow.cjs"), line: 3 },
    ];
    expect(culpritOf(stack)).toMatchObject({
      function: "inner",
      file: "dist/cjs/slow.cjs",
      package: "kilonova-slow-filter",
    });
  });

  it("is Node where nobody else is on the stack, and nobody where there is no stack", () => {
    expect(culpritOf([NODE])).toEqual({ function: "listOnTimeout", file: "node:internal/timers", line: 581 });
    expect(culpritOf([])).toBeUndefined();
  });

  it("has no package where its file is in none, and no name where it has none", async () => {
    const file = join(await testFolder({ "loose.mjs": "" }), "loose.mjs");
    const culprit = culpritOf([{ functionName: "", url: pathToFileURL(file).href, line: 4 }]);
    expect(culprit && culpritText(culprit)).toBe(`unnamed code (${file}:4)`);
  });
});
