import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { testFolder } from "../testing/folder.js";
import { pluginFolder, type TestPlugin } from "../testing/plugin-folder.js";
import { PLUGIN_API_VERSION } from "./api-version.js";
import { PluginCatalog } from "./plugin-catalog.js";

const filter = (...names: readonly string[]) => ({
  kilonova: { api: `^${PLUGIN_API_VERSION}`, provides: names.map((name) => ({ kind: "filter", export: name })) },
});
const hooked = (...names: readonly string[]) => ({
  kilonova: {
    api: `^${PLUGIN_API_VERSION}`,
    hooks: names.map((name) => ({ point: "server.create", export: name })),
  },
});
const catalogOf = async (plugins: Readonly<Record<string, TestPlugin>>, settings = {}) =>
  PluginCatalog.read({ directory: await pluginFolder(plugins), ...settings });

describe("the catalog of plugins", () => {
  it("has the packages that the configuration's package.json depends on and whose manifest says that they are plugins", async () => {
    const directory = await pluginFolder({ acme: { ...filter("Cold"), version: "1.2.0" }, plain: {} });
    await writeFile(join(directory, "package.json"), '{"dependencies": {"acme": "*", "plain": "*", "absent": "*"}}');
    const catalog = await PluginCatalog.read({ directory });
    expect(catalog.plugins).toEqual([
      {
        name: "acme",
        version: "1.2.0",
        directory: join(directory, "node_modules/acme"),
        from: "configuration",
        manifest: {
          api: `^${PLUGIN_API_VERSION}`,
          provides: [{ kind: "filter", export: "Cold" }],
          hooks: [],
          optionGroups: [],
        },
        problems: [],
        fit: true,
        closedHooks: [],
      },
    ]);
  });

  it("does not have a package that lies there and that nobody depends on", async () => {
    const directory = await pluginFolder({ acme: filter("Cold") });
    await writeFile(join(directory, "package.json"), "{}");
    expect((await PluginCatalog.read({ directory })).plugins).toEqual([]);
  });

  it("is empty for a folder without package.json", async () => {
    expect((await PluginCatalog.read({ directory: await testFolder() })).plugins).toEqual([]);
  });

  it("finds packages in the folders above, optional dependencies, and linked packages", async () => {
    const directory = await pluginFolder(
      { acme: filter("Cold") },
      { "inner/package.json": '{"optionalDependencies": {"acme": "*", "linked": "*"}}' },
    );
    const elsewhere = await pluginFolder({ linked: filter("Linked") });
    await symlink(join(elsewhere, "node_modules/linked"), join(directory, "node_modules/linked"));
    const { plugins } = await PluginCatalog.read({ directory: join(directory, "inner") });
    expect(plugins.map(({ name }) => name)).toEqual(["acme", "linked"]);
  });

  it("has what the packages of the places depend on as in the box, and prefers what is beside the configuration", async () => {
    const box = await pluginFolder({ acme: { ...filter("Cold"), version: "1.0.0" }, boxed: filter("Warm") });
    const place = pathToFileURL(join(box, "node_modules/boxed/index.js")).href;
    const own = pathToFileURL(join(box, "program.js")).href;
    await writeFile(join(box, "package.json"), '{"name": "program", "dependencies": {"acme": "*", "boxed": "*"}}');
    const directory = await pluginFolder({ acme: { ...filter("Cold"), version: "2.0.0" } });
    const { plugins } = await PluginCatalog.read({ directory, places: [own, place] });
    expect(plugins.map(({ name, version, from }) => [name, version, from])).toEqual([
      ["acme", "2.0.0", "configuration"],
      ["boxed", "1.0.0", "box"],
    ]);
  });

  it("refuses a package.json beside the configuration that is none, naming the file", async () => {
    const directory = await testFolder({ "package.json": "{" });
    await expect(PluginCatalog.read({ directory })).rejects.toThrow(`${directory}/package.json is no JSON: `);
    await writeFile(join(directory, "package.json"), '{"dependencies": 3}');
    await expect(PluginCatalog.read({ directory })).rejects.toThrow("is no package.json: dependencies: ");
  });

  it("knows the plugin that a module belongs to, and reads that of one which is named by a path alone", async () => {
    const directory = await pluginFolder(
      { acme: filter("Cold") },
      {
        "mine/package.json": JSON.stringify({ name: "mine", version: "3.0.0", ...filter("Mine") }),
        "mine/dist/package.json": '{"type": "module"}',
        "mine/dist/mine.js": "",
        "lone.js": "",
      },
    );
    const catalog = await PluginCatalog.read({ directory });
    const at = (file: string) => pathToFileURL(join(directory, file)).href;
    expect(await catalog.packageOf(at("node_modules/acme/index.js"), "configuration")).toBe(catalog.find("acme"));
    expect(await catalog.packageOf(at("mine/dist/mine.js"), "path")).toMatchObject({
      name: "mine",
      version: "3.0.0",
      from: "path",
      fit: true,
    });
    expect(await catalog.packageOf(at("lone.js"), "path")).toBeUndefined();
    expect(await catalog.packageOf("node:fs", "path")).toBeUndefined();
  });
});

describe("a plugin that cannot be used", () => {
  it.each([
    ["without a range of plugin-api", {}, /^the "kilonova" part of its package\.json is wrong: api: /],
    ["with an unknown field", { api: "*", provide: [] }, /Unrecognized key: "provide"/],
    ["with an unknown kind", { api: "*", provides: [{ kind: "fliter", export: "A" }] }, /provides\.0\.kind: /],
    ["with what no module exports", { api: "*", optionGroups: ["a b"] }, /optionGroups\.0: expected the name of an/],
    [
      "with a time that is none",
      { api: "*", hooks: [{ point: "a.b", export: "A", timeLimit: "soon" }] },
      /hooks\.0\.timeLimit: /,
    ],
    ["with a range that is none", { api: "one" }, /asks for plugin-api "one", which is no range of versions/],
    [
      "for another plugin-api",
      { api: "^99.0.0" },
      new RegExp(`^expected plugin-api \\^99\\.0\\.0, received ${PLUGIN_API_VERSION}; install a release`),
    ],
  ])("has a problem: %s", async (_, kilonova, words) => {
    const catalog = await catalogOf({ acme: { kilonova }, other: filter("Fine") });
    expect(catalog.find("acme")).toMatchObject({ fit: false, problems: [expect.stringMatching(words)] });
    expect(catalog.find("other")).toMatchObject({ fit: true, problems: [] });
    expect(catalog.available().map(({ path }) => path)).toEqual(["other#Fine"]);
  });

  it("is one whose package.json is no JSON", async () => {
    const directory = await pluginFolder({ acme: filter("Cold") });
    await writeFile(join(directory, "node_modules/acme/package.json"), "{");
    const { plugins } = await PluginCatalog.read({ directory });
    expect(plugins).toMatchObject([{ name: "acme", fit: false, problems: [expect.stringContaining("is no JSON")] }]);
    await rm(join(directory, "node_modules/acme"), { recursive: true });
    expect((await PluginCatalog.read({ directory })).plugins).toEqual([]);
  });

  it("still tells which hooks must not be missing, where that much of its manifest can be read", async () => {
    const hooks = [
      { point: "server.create", export: "Audit" },
      { point: "server.create", export: "Note", failure: "open" },
    ];
    const catalog = await catalogOf({ acme: { kilonova: { api: "^99.0.0", hooks, wrong: true } } });
    expect(catalog.find("acme")?.closedHooks).toEqual(["Audit"]);
  });
});

describe("two plugins of the same name", () => {
  it("are each told of the other, with a way out", async () => {
    const { plugins } = await catalogOf({ acme: filter("Cold"), other: filter("Cold"), third: filter("Warm") });
    expect(plugins.map(({ problems }) => problems)).toEqual([
      ["it provides a filter Cold, and so does other 1.0.0 (beside the configuration); name it by its path: acme#Cold"],
      ["it provides a filter Cold, and so does acme 1.0.0 (beside the configuration); name it by its path: other#Cold"],
      [],
    ]);
    expect(plugins.every(({ fit }) => fit)).toBe(true);
  });

  it("may be of different kinds", async () => {
    const weigher = { kilonova: { api: "*", provides: [{ kind: "weigher", export: "Cold" }] } };
    const { plugins } = await catalogOf({ acme: filter("Cold"), other: weigher });
    expect(plugins.flatMap(({ problems }) => problems)).toEqual([]);
  });

  it("are no problem once one of two hooks is turned off by its path", async () => {
    const both = { acme: hooked("Audit"), other: hooked("Audit") };
    const { plugins } = await catalogOf(both);
    expect(plugins[0]?.problems[0]).toContain("turn one off by its path in hooks.disabled: other#Audit");
    const settled = await catalogOf(both, { disabledHooks: ["other#Audit"] });
    expect(settled.plugins.flatMap(({ problems }) => problems)).toEqual([]);
  });
});

describe("a short name", () => {
  const asked = "option scheduler.filters";

  it("stands for the path of an available plugin of the kind", async () => {
    const catalog = await catalogOf({ acme: filter("Cold"), other: filter("Warm") });
    expect(catalog.pathOf("Warm", asked, "filter")).toBe("other#Warm");
    expect(catalog.pathIfShort("Warm", asked, "filter")).toBe("other#Warm");
    expect(catalog.pathIfShort("acme#Cold", asked, "filter")).toBe("acme#Cold");
  });

  it("of a network manager stands for a service too, and that of a hook which a manifest enters for a hook", async () => {
    const manager = { kilonova: { api: "*", provides: [{ kind: "network-manager", export: "Flat" }] } };
    const catalog = await catalogOf({ acme: manager, other: hooked("Audit", "Audit") });
    expect(catalog.pathOf("Flat", "option network.manager", "service")).toBe("acme#Flat");
    expect(catalog.pathOf("Audit", "option hooks.use", "hook")).toBe("other#Audit");
  });

  it("that nobody has is refused with the one that was meant", async () => {
    const catalog = await catalogOf({ acme: filter("ColdFilter"), other: filter("Warm") });
    expect(() => catalog.pathOf("ColdFliter", asked, "filter")).toThrow(
      "option scheduler.filters: no available plugin provides a filter ColdFliter; did you mean ColdFilter?",
    );
    expect(() => catalog.pathOf("Nothing", asked, "filter")).toThrow(
      "provides a filter Nothing; known are ColdFilter, Warm. Install the package that does, or name it by its path: package#Nothing.",
    );
    expect(() => catalog.pathOf("Warm", asked, "image-store")).toThrow(
      "provides an image-store Warm, but other 1.0.0 (beside the configuration) a filter; known are none.",
    );
  });

  it("that two plugins have is refused with their paths", async () => {
    const catalog = await catalogOf({ acme: filter("Cold"), other: filter("Cold") });
    expect(() => catalog.pathOf("Cold", asked, "filter")).toThrow(
      "option scheduler.filters: several available plugins provide a filter Cold: acme 1.0.0 (beside the configuration) and other 1.0.0 (beside the configuration); say which by its path: acme#Cold or other#Cold.",
    );
  });

  it("of a plugin that cannot be used is refused with the reason", async () => {
    const provides = [{ kind: "filter", export: "Cold" }];
    const catalog = await catalogOf({ acme: { kilonova: { api: "^99.0.0", provides } }, other: filter("Colds") });
    expect(() => catalog.pathOf("Cold", asked, "filter")).toThrow(
      "acme 1.0.0 (beside the configuration), which provides Cold, cannot be used: expected plugin-api ^99.0.0",
    );
  });
});

describe("the package.json of a configuration", () => {
  it("is the nearest one, in its folder or above, and there alone", async () => {
    const directory = await pluginFolder(
      { acme: filter("Cold"), other: filter("Warm") },
      { "conf/d/kilonova.config.yaml": "", "mine/package.json": '{"dependencies": {"acme": "*"}}', "mine/conf/x": "" },
    );
    const at = (folder: string) => PluginCatalog.read({ directory: join(directory, folder) });
    const namesOf = ({ plugins }: PluginCatalog) => plugins.map(({ name }) => name);
    const above = await at("conf/d");
    expect([above.directory, namesOf(above)]).toEqual([directory, ["acme", "other"]]);
    const nearer = await at("mine/conf");
    expect([nearer.directory, namesOf(nearer)]).toEqual([join(directory, "mine"), ["acme"]]);
  });

  it("may ask for packages that are not installed: they are known by name, unless they are optional", async () => {
    const dependencies = { acme: "*", absent: "*", hollow: "*", both: "*" };
    const optionalDependencies = { perhaps: "*", both: "*" };
    const directory = await pluginFolder(
      { acme: filter("Cold") },
      { "package.json": JSON.stringify({ dependencies, optionalDependencies }), "node_modules/hollow/index.js": "" },
    );
    const catalog = await PluginCatalog.read({ directory });
    expect(catalog.missing).toEqual(["absent", "hollow"]);
    expect(catalog.problemOfMissing("absent")).toBe(
      `${directory}/package.json depends on absent, and it is not installed; run npm install there`,
    );
  });
});
