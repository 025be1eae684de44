import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PLUGIN_API_VERSION } from "@kilonova/core";
import { describe, expect, it } from "vitest";
import { embeddedConfiguration, writtenConfiguration } from "./embedded-configuration.js";
import { knownGroups } from "./installed-plugins.js";
import { testFolder } from "./testing/folder.js";

const api = `^${PLUGIN_API_VERSION}`;
const GROUP = `import { optionGroup } from "@kilonova/config";
  import { z } from "zod";
  export const powerOptions = optionGroup("power", z.object({ level: z.int().default(3).describe("How much.") }));`;

/** A folder with a configuration and plugins beside it, each with its manifest and its module. */
async function cloudFolder(
  configuration: unknown,
  plugins: Readonly<Record<string, readonly [kilonova: unknown, index: string]>>,
): Promise<string> {
  const installed = Object.entries(plugins).flatMap(([name, [kilonova, index]]) => [
    [
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: "1.0.0", type: "module", exports: "./index.js", kilonova }),
    ] as const,
    [`node_modules/${name}/index.js`, index] as const,
  ]);
  const dependencies = Object.fromEntries(Object.keys(plugins).map((name) => [name, "*"]));
  const folder = await testFolder({
    "package.json": JSON.stringify({ dependencies }),
    "kilonova.config.json": JSON.stringify(configuration),
    ...Object.fromEntries(installed),
  });
  await mkdir(join(folder, "node_modules/@kilonova"), { recursive: true });
  const ours = fileURLToPath(new URL("../../config", import.meta.url));
  await symlink(ours, join(folder, "node_modules/@kilonova/config"));
  await symlink(join(ours, "node_modules/zod"), join(folder, "node_modules/zod"));
  return folder;
}
const sourceIn = (folder: string) => ({ argv: ["--config-file", join(folder, "kilonova.config.json")] });
const written = (folder: string) => writtenConfiguration(sourceIn(folder));

describe("the option groups of plugins", () => {
  it("are those in the box and those beside the configuration; a broken plugin costs only its own", async () => {
    const folder = await cloudFolder(
      {},
      {
        power: [{ api, optionGroups: ["powerOptions"] }, GROUP],
        broken: [{ api, optionGroups: ["other"] }, "throw new Error('no licence');"],
      },
    );
    const { groups, failures } = await knownGroups(folder);
    expect(groups.map(({ name }) => name)).toEqual(expect.arrayContaining(["rabbitmq", "qemu", "fake", "power"]));
    expect(failures.map(String)).toEqual([expect.stringMatching(/manifest of broken: .*no licence/)]);
  });
});

describe("what an operator wrote for a cloud in one process", () => {
  it("may have options of plugins, and name what they provide by its short name", async () => {
    const filter = 'export class Cold { static [Symbol.for("kilonova.plugin")] = { kind: "filter", version: 1 }; }';
    const manifest = { api, provides: [{ kind: "filter", export: "Cold" }], optionGroups: ["powerOptions"] };
    const folder = await cloudFolder(
      { power: { level: 5 }, scheduler: { filters: ["ComputeFilter", "Cold"] } },
      { cold: [manifest, `${GROUP}\n${filter}`] },
    );
    expect((await written(folder)).lookUp("power.level").value).toBe(5);
  });

  it("is refused where a short name is wrong, an option of a plugin, or a hook that must not fail", async () => {
    const plugins = {
      power: [{ api, optionGroups: ["powerOptions"] }, GROUP] as const,
      audit: [
        { api, hooks: [{ point: "server.create", export: "Audit" }] },
        "export class Audit { pre() {} }",
      ] as const,
    };
    const refused = async (configuration: unknown, more = {}) =>
      written(await cloudFolder(configuration, { ...plugins, ...more })).then(
        () => "nothing",
        (error: Error) => error.message,
      );
    expect(await refused({})).toBe("nothing");
    expect(await refused({ scheduler: { filters: ["ComputeFliter"] } })).toBe(
      "option scheduler.filters: no available plugin provides ComputeFliter; did you mean ComputeFilter?",
    );
    expect(await refused({ power: { level: "high" } })).toContain("power.level");
    const broken = [{ api, hooks: [{ point: "server.create", export: "Audit" }] }, "export class Audit {}"];
    expect(await refused({}, { audit: broken })).toContain("audit#Audit of audit 1.0.0 (beside the configuration)");
  });

  it("is not refused for the options of a plugin that is broken: what it declares is not known", async () => {
    const broken = [{ api, optionGroups: ["powerOptions"] }, "throw new Error('no licence');"] as const;
    const folder = await cloudFolder({ power: { level: 5 } }, { power: broken });
    expect((await written(folder)).groups().map(({ name }) => name)).not.toContain("power");
    const { notice } = await embeddedConfiguration(join(folder, "state"), sourceIn(folder));
    expect(notice).toMatch(/a plugin cannot be used; going on without it: .*power 1\.0\.0 .*no licence/);
  });

  it("goes on without a filter that is broken where it says so", async () => {
    const configuration = {
      scheduler: { filters: ["ComputeFilter", "./broken.js#Broken"] },
      plugins: { start: { "./broken.js": { policy: "continue" } } },
    };
    const folder = await cloudFolder(configuration, {});
    expect((await written(folder)).lookUp("scheduler.filters").value).toHaveLength(2);
  });
});
