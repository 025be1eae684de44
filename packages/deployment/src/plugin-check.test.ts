import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PLUGIN_API_VERSION } from "@kilonova/core";
import { describe, expect, it } from "vitest";
import { checkPlugins } from "./plugin-check.js";
import { listPlugins } from "./plugin-reports.js";
import { cloudFolder } from "./testing/cloud-folder.js";

const api = `^${PLUGIN_API_VERSION}`;
const hooking = (...points: readonly string[]) =>
  [{ api, hooks: points.map((point) => ({ point, export: "Audit" })) }, "export class Audit { pre() {} }"] as const;

const fileIn = (folder: string) => ["--config-file", join(folder, "kilonova.config.json")];
const problemsOf = async (argv: readonly string[], target?: string) =>
  (await checkPlugins(target, argv)).filter(({ problems }) => problems.length > 0);

describe("the check of plugins", () => {
  it("finds them from a configuration in a folder below, given as a file or as a folder of files", async () => {
    const folder = await cloudFolder({}, { audit: hooking("server.create") });
    await mkdir(join(folder, "conf"));
    await rename(join(folder, "kilonova.config.json"), join(folder, "conf/kilonova.config.json"));
    for (const argv of [fileIn(join(folder, "conf")), ["--config-dir", join(folder, "conf")]]) {
      expect(await checkPlugins("audit", argv)).toEqual([
        { plugin: "audit 1.0.0 (beside the configuration)", problems: [] },
      ]);
    }
  });

  it("has a problem with a package that is depended on and not installed, and so has the list of them", async () => {
    const folder = await cloudFolder({}, {});
    const dependencies = { guard: "*" };
    await writeFile(join(folder, "package.json"), JSON.stringify({ dependencies, optionalDependencies: { may: "*" } }));
    const problems = [`${folder}/package.json depends on guard, and it is not installed; run npm install there`];
    expect(await problemsOf(fileIn(folder))).toEqual([{ plugin: "guard", problems }]);
    expect(await problemsOf(fileIn(folder), "guard")).toEqual([{ plugin: "guard", problems }]);
    expect((await listPlugins(fileIn(folder))).at(-1)).toMatchObject({ name: "guard", inUseBy: [], problems });
  });

  it("has a problem with a hook at a point that there is not, and says which was probably meant", async () => {
    const use = [
      { hook: "audit#Audit", point: "server.delte" },
      { hook: "audit#Audit", point: "billing.charge" },
    ];
    const folder = await cloudFolder(
      { hooks: { use } },
      { audit: hooking("server.craete", "server.create", "billing.charge") },
    );
    const words = (point: string, meant: string) =>
      `no hook point ${point} is known here, so that it never runs; did you mean ${meant}?`;
    const plugin = "audit 1.0.0 (beside the configuration)";
    const problems = [`its hook Audit: ${words("server.craete", "server.create")}`];
    expect(await problemsOf(fileIn(folder))).toEqual([
      { plugin, problems },
      { plugin: "audit#Audit", problems: [`option hooks.use: ${words("server.delte", "server.delete")}`] },
    ]);
    expect(await problemsOf(fileIn(folder), "audit")).toEqual([{ plugin, problems }]);
    expect(await problemsOf(fileIn(folder), join(folder, "node_modules/audit"))).toMatchObject([{ problems }]);
  });

  it("has none with a point that a plugin which is installed brings", async () => {
    const moved = `export const moved = { [Symbol.for("kilonova.hook-point")]: true, name: "freight.move", spec: {} };
      export class Freight { static [Symbol.for("kilonova.plugin")] = { kind: "service", version: 1 }; }`;
    const folder = await cloudFolder(
      {},
      {
        audit: hooking("freight.move", "freight.mvoe"),
        freight: [{ api, provides: [{ kind: "service", export: "Freight" }] }, moved],
      },
    );
    expect(await problemsOf(fileIn(folder), "audit")).toMatchObject([
      { problems: [expect.stringContaining("no hook point freight.mvoe is known here")] },
    ]);
  });
});
