import { describe, expect, it } from "vitest";
import { ObjectLoader } from "../container/object-loader.js";
import { pluginClass, pluginFolder, type TestPlugin } from "../testing/plugin-folder.js";
import { PLUGIN_API_VERSION } from "./api-version.js";
import { checkExports } from "./export-check.js";
import { PluginCatalog } from "./plugin-catalog.js";

async function problemsOf(acme: TestPlugin) {
  const directory = await pluginFolder({ acme });
  const catalog = await PluginCatalog.read({ directory });
  const plugin = catalog.find("acme") ?? expect.fail("it was not found");
  return checkExports(plugin, new ObjectLoader(directory, [], { catalog }));
}

const kilonova = {
  api: `^${PLUGIN_API_VERSION}`,
  provides: [
    { kind: "filter", export: "Cold" },
    { kind: "weigher", export: "Heavy" },
  ],
  hooks: [{ point: "server.create", export: "Audit" }],
  optionGroups: ["acmeOptions"],
};
const GROUP = 'export const acmeOptions = { [Symbol.for("kilonova.optionGroup")]: 1, name: "acme" };';
const title = (name: string) => `the manifest of acme: acme#${name} of acme 1.0.0 (beside the configuration)`;

describe("what a plugin exports", () => {
  it("is what its manifest says: classes, factories, instances, hooks, option groups", async () => {
    const index = [
      pluginClass("Cold", "filter"),
      "export const Heavy = async () => ({});",
      "export const Audit = { post() {} };",
      GROUP,
    ].join("\n");
    expect(await problemsOf({ kilonova, index })).toEqual([]);
  });

  it("is compared with its manifest, and everything that differs is told with what was expected and received", async () => {
    const index = [
      pluginClass("Cold", "weigher"),
      "export class Heavy {}",
      "export class Audit {}",
      "export const acmeOptions = 3;",
    ].join("\n");
    expect(await problemsOf({ kilonova, index })).toEqual([
      `${title("Cold")}: expected a filter, received a weigher.`,
      `${title("Heavy")}: expected a weigher, received class Heavy, which is no plugin.`,
      `${title("Audit")}: expected a hook, with a method pre, post or error, received class Audit, which is no plugin.`,
      `${title("acmeOptions")}: expected an option group, received a value of type number.`,
    ]);
  });

  it("is told where it is missing, with what there is", async () => {
    const [first, ...others] = await problemsOf({ kilonova, index: "export const other = 1;" });
    expect(first).toBe(`${title("Cold")} leads nowhere: the module exports other.`);
    expect(others).toHaveLength(3);
  });

  it("is not looked at where the plugin is not fit to be loaded", async () => {
    const index = "throw new Error('it was loaded');";
    expect(await problemsOf({ kilonova: { ...kilonova, api: "^99.0.0" }, index })).toEqual([]);
  });
});
