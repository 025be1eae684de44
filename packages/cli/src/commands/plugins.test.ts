import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PLUGIN_API_VERSION } from "@kilonova/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runHere } from "../testing/run-here.js";

let folder: string;
let file: string;
const write = async (name: string, text: string) => {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
};
const plugins = (...argv: readonly string[]) => runHere("plugins", ...argv, "--config-file", file);

const FILTER = 'export class ColdFilter { static [Symbol.for("kilonova.plugin")] = { kind: "filter", version: 1 }; }';
const AUDIT = "export class Audit { pre() {} }";
const GROUP = `import { optionGroup } from "@kilonova/config";
  import { z } from "zod";
  export const coldOptions = optionGroup("cold", z.object({
    level: z.int().default(3).describe("How cold."),
    key: z.string().default("none").describe("The key.").meta({ secret: true }),
  }));`;

/** Installs a plugin with a filter, a hook and options beside the configuration. */
async function installPlugin(index = [GROUP, FILTER, AUDIT].join("\n"), more = {}): Promise<void> {
  await write("package.json", JSON.stringify({ dependencies: { "cold-filters": "*" } }));
  const kilonova = {
    api: `^${PLUGIN_API_VERSION}`,
    provides: [{ kind: "filter", export: "ColdFilter", description: "Cold hosts alone" }],
    hooks: [{ point: "server.create", export: "Audit", order: 7 }],
    optionGroups: ["coldOptions"],
    ...more,
  };
  const own = { name: "cold-filters", version: "1.2.0", type: "module", exports: "./index.js", kilonova };
  await write("node_modules/cold-filters/package.json", JSON.stringify(own));
  await write("node_modules/cold-filters/index.js", index);
  const ours = fileURLToPath(new URL("../../../config", import.meta.url));
  await mkdir(join(folder, "node_modules/@kilonova"), { recursive: true });
  await symlink(ours, join(folder, "node_modules/@kilonova/config"));
  await symlink(join(ours, "node_modules/zod"), join(folder, "node_modules/zod"));
}

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "kilonova-cli-")));
  file = await write("kilonova.config.yaml", "scheduler:\n  filters: [ComputeFilter, ColdFilter]\n");
});
afterEach(() => rm(folder, { recursive: true }));

describe("kilonova plugins list", () => {
  it("shows what is in the box and beside the configuration, and what is in use", async () => {
    await installPlugin();
    const { exitCode, stdout } = await plugins("list");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^NAME +VERSION +FROM +STATE +PROVIDES$/m);
    expect(stdout).toMatch(/^cold-filters +1\.2\.0 +configuration +in use +filter ColdFilter, hook Audit$/m);
    expect(stdout).toMatch(/^@kilonova\/filters-host +\S+ +box +in use +filter ComputeFilter, /m);
    expect(stdout).toMatch(/^@kilonova\/transport-rabbitmq +\S+ +box +available +transport RabbitmqTransport$/m);
  });

  it("prints JSON", async () => {
    await installPlugin();
    expect(JSON.parse((await plugins("list", "--json")).stdout)).toContainEqual({
      name: "cold-filters",
      version: "1.2.0",
      from: "configuration",
      provides: [
        { kind: "filter", export: "ColdFilter" },
        { kind: "hook", export: "Audit" },
      ],
      inUseBy: ["scheduler.filters", "its manifest"],
      problems: [],
    });
  });

  it("shows what is wrong with a plugin, and the others all the same", async () => {
    await installPlugin("", { api: "^99.0.0" });
    await writeFile(file, "{}");
    const { exitCode, stdout } = await plugins("list");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^cold-filters +1\.2\.0 +configuration +broken .*\n {2}! expected plugin-api \^99\.0\.0/m);
    expect(stdout).toMatch(/^@kilonova\/filters-host .* in use/m);
  });
});

describe("kilonova plugins show", () => {
  it("shows the manifest in full, options with values and origins, and hooks", async () => {
    await installPlugin();
    await writeFile(file, "cold: { level: 5, key: hunter2 }\nhooks: { disabled: [Audit] }\n");
    const { exitCode, stdout } = await plugins("show", "cold-filters");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^cold-filters 1\.2\.0$/m);
    expect(stdout).toContain('"description": "Cold hosts alone"');
    expect(stdout).toContain(`cold.level = 5  (${file}:1)`);
    expect(stdout).toContain('cold.key = "***"');
    expect(stdout).not.toContain("hunter2");
    expect(stdout).toContain("cold-filters#Audit at server.create  (disabled by hooks.disabled)");
    expect(stdout).toContain("nothing; it is available");
    expect(JSON.parse((await plugins("show", "cold-filters", "--json")).stdout)).toMatchObject({
      manifest: { hooks: [{ order: 7 }] },
      options: [{ option: "cold.level", value: 5, origin: `${file}:1` }, { option: "cold.key" }],
      hooks: [{ path: "cold-filters#Audit", point: "server.create", order: 7, disabled: true }],
    });
  });

  it("refuses a name that no plugin has, with the one that was meant", async () => {
    await writeFile(file, "{}");
    await expect(plugins("show", "filters-host")).rejects.toThrow("did you mean @kilonova/filters-host?");
    await expect(plugins("show", "nothing-like-it")).rejects.toThrow("`kilonova plugins list` shows which there are");
  });
});

describe("kilonova plugins check", () => {
  it("ends with 0 where nothing is wrong", async () => {
    await installPlugin();
    const { exitCode, stdout } = await plugins("check");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^cold-filters 1\.2\.0 \(beside the configuration\): nothing is wrong$/m);
    expect(stdout).not.toContain("!");
  });

  it.each([
    ["the manifest", FILTER, { provide: [] }, /Unrecognized key: "provide"/],
    ["the range of plugin-api", FILTER, { api: "^99.0.0" }, /expected plugin-api \^99\.0\.0, received/],
    ["an export", `${GROUP}${AUDIT}; export class ColdFilter {}`, {}, /expected a filter, received class ColdFilter/],
    ["what it throws while it is loaded", "throw new Error('no licence');", {}, /could not be loaded: no licence/],
    [
      "the name of an option group",
      `${FILTER}\n${AUDIT}\n${GROUP.replace('"cold"', '"compute"')}`,
      {},
      /declares an option group that another package declares differently: compute/,
    ],
    [
      "a name that another plugin has",
      FILTER,
      { provides: [{ kind: "filter", export: "ComputeFilter" }] },
      /it provides a filter ComputeFilter, and so does @kilonova\/filters-host/,
    ],
  ])("ends with 1 where %s is wrong, and names the plugin", async (_, index, more, words) => {
    await writeFile(file, "{}");
    await installPlugin(index, more);
    const { exitCode, stdout } = await plugins("check", "cold-filters");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^cold-filters 1\.2\.0 \(beside the configuration\): cannot be relied on$/m);
    expect(stdout).toMatch(words);
  });

  it("ends with 1 where an option of a plugin is wrong", async () => {
    await installPlugin();
    await writeFile(file, "cold: { level: high, kye: x }\n");
    const { exitCode, stdout } = await plugins("check", "cold-filters");
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`! cold.level (${file}:1): expected number, received "high"`);
    expect(stdout).toContain("did you mean cold.key?");
  });

  it("ends with 1 where an object path leads nowhere, among all and by itself", async () => {
    await writeFile(file, "scheduler: { filters: [./absent.js#Absent, ComputeFliter] }");
    const { exitCode, stdout } = await plugins("check");
    expect(exitCode).toBe(1);
    expect(stdout).toContain("! option scheduler.filters: ./absent.js#Absent leads nowhere: there is no file");
    expect(stdout).toContain("no available plugin provides a filter ComputeFliter; did you mean ComputeFilter?");
    expect(await plugins("check", "./absent.js#Absent")).toMatchObject({ exitCode: 1 });
    expect(await plugins("check", "ComputeFilter")).toMatchObject({ exitCode: 0 });
    const absent = await plugins("check", "not-installed");
    expect(absent).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("run npm install not-installed") });
  });

  it("checks a folder as its author has it, installed or not", async () => {
    await writeFile(file, "{}");
    await installPlugin();
    const inside = join(folder, "node_modules/cold-filters");
    expect(await plugins("check", inside, "--json")).toMatchObject({ exitCode: 0 });
    await write("mine/package.json", JSON.stringify({ name: "mine", type: "module", main: "./main.js" }));
    const strange = await plugins("check", join(folder, "mine"));
    expect(strange).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('has no part "kilonova"') });
    const kilonova = { api: `^${PLUGIN_API_VERSION}`, provides: [{ kind: "filter", export: "ColdFilter" }] };
    await write(
      "mine/package.json",
      JSON.stringify({ name: "mine", version: "0.0.1", type: "module", main: "./main.js", kilonova }),
    );
    await write("mine/main.js", FILTER);
    const right = await plugins("check", join(folder, "mine"), "--json");
    expect(right.exitCode).toBe(0);
    expect(JSON.parse(right.stdout)).toEqual([{ plugin: "mine 0.0.1 (named by its path)", problems: [] }]);
  });
});

it.each([["plugins"], ["plugins list"], ["plugins show"], ["plugins check"]])(
  "kilonova %s shows an example in its help",
  async (command) => {
    const { exitCode, stdout } = await runHere(...command.split(" "), "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\nExample:\n {2}kilonova plugins/);
  },
);
