import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { installedPlugins, optionGroupsOf } from "./installed-plugins.js";
import { testFolder } from "./testing/folder.js";

const manifest = (kilonova: unknown) =>
  JSON.stringify({ name: "acme", type: "module", exports: "./index.js", kilonova });
const dependingOn = (...names: readonly string[]) =>
  JSON.stringify({ dependencies: Object.fromEntries(names.map((name) => [name, "1.0.0"])) });

describe("the plugins of a folder", () => {
  it("are the packages it depends on whose manifest says so", async () => {
    const folder = await testFolder({
      "package.json": dependingOn("acme", "plain", "absent"),
      "node_modules/acme/package.json": manifest({ api: "^1.0.0" }),
      "node_modules/plain/package.json": '{"name": "plain"}',
      "node_modules/stray/package.json": manifest({ api: "^1.0.0" }),
    });
    expect(await installedPlugins(folder)).toEqual([
      {
        name: "acme",
        directory: join(folder, "node_modules/acme"),
        manifest: { api: "^1.0.0", provides: [], hooks: [], optionGroups: [] },
      },
    ]);
  });

  it("are also found in the folders above it", async () => {
    const folder = await testFolder({
      "inner/package.json": dependingOn("acme"),
      "node_modules/acme/package.json": manifest({ api: "^1.0.0" }),
    });
    expect((await installedPlugins(join(folder, "inner"))).map(({ name }) => name)).toEqual(["acme"]);
  });

  it("are none where there is no package.json", async () => {
    expect(await installedPlugins(await testFolder())).toEqual([]);
  });

  it.each([
    [
      "a manifest with an unknown field",
      dependingOn("acme"),
      manifest({ api: "^1.0.0", provide: [] }),
      /^acme: .*provide/s,
    ],
    ["a manifest without the range of the api", dependingOn("acme"), manifest({}), /^acme: .*api/s],
    ["a package.json that is no JSON", "{", "{}", /package\.json is no JSON/],
    ["dependencies that are none", '{"dependencies": 3}', "{}", /package\.json is no package\.json: .*dependencies/s],
  ])("are refused in words for %s", async (_, own, plugin, words) => {
    const folder = await testFolder({ "package.json": own, "node_modules/acme/package.json": plugin });
    await expect(installedPlugins(folder)).rejects.toMatchObject({
      code: "object.wrongKind",
      message: expect.stringMatching(words),
    });
  });
});

describe("the option groups of a plugin", () => {
  const pluginWith = async (index: string) => {
    const folder = await testFolder({
      "package.json": dependingOn("acme"),
      "node_modules/acme/package.json": manifest({ api: "^1.0.0", optionGroups: ["power"] }),
      "node_modules/acme/index.js": index,
    });
    const [plugin] = await installedPlugins(folder);
    return plugin ?? expect.fail("the plugin was not found");
  };

  it("are those of the plugins in the box", async () => {
    const plugins = await installedPlugins(join(import.meta.dirname, ".."));
    const groups = (await Promise.all(plugins.map(optionGroupsOf))).flat();
    expect(groups.map(({ name }) => name)).toEqual(expect.arrayContaining(["rabbitmq", "qemu", "fake"]));
  });

  it.each([
    ["exports none of that name", "export const other = 1;", "object.notFound", /manifest of acme.*exports other/],
    [
      "exports something else by that name",
      "export const power = 1;",
      "object.wrongKind",
      /^acme: .*power is an option group; it is none/,
    ],
    ["throws while it is loaded", 'throw new Error("no licence");', "object.failed", /manifest of acme.*no licence/],
  ])("are refused in words where it %s", async (_, index, code, words) => {
    await expect(optionGroupsOf(await pluginWith(index))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(words),
    });
  });
});
