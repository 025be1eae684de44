import { describe, expect, it } from "vitest";
import { ObjectLoader } from "../container/object-loader.js";
import { hooksOptions } from "../options.js";
import { PLUGIN_API_VERSION } from "../plugins/api-version.js";
import { PluginCatalog } from "../plugins/plugin-catalog.js";
import { pluginFolder, type TestPlugin } from "../testing/plugin-folder.js";
import { hookList } from "./hook-list.js";

const api = `^${PLUGIN_API_VERSION}`;
const hookClass = (name: string) => `export class ${name} { pre() {} }`;
const audit: TestPlugin = {
  version: "1.2.0",
  kilonova: { api, hooks: [{ point: "server.create", export: "Audit", order: 7, failure: "open", timeLimit: "2s" }] },
  index: hookClass("Audit"),
};

async function list(plugins: Readonly<Record<string, TestPlugin>>, options: object = {}, files = {}) {
  const directory = await pluginFolder(plugins, files);
  const catalog = await PluginCatalog.read({ directory });
  const loader = new ObjectLoader(directory, [], { catalog });
  const rows = await hookList({ options: hooksOptions.schema.parse(options), catalog, loader });
  return { rows, at: (point: string) => rows.find((row) => row.point === point) };
}

describe("the list of hook points", () => {
  it("says of every point what it is, by name, and that nobody is on it", async () => {
    const { rows, at } = await list({});
    expect(at("server.create")).toMatchObject({
      version: "1.0",
      stability: "stable",
      description: expect.stringContaining("A user asks for new servers."),
      amendable: expect.arrayContaining(["metadata"]),
      payload: { type: "object", properties: { metadata: { type: "object" } } },
      result: { anyOf: expect.any(Array) },
      hooks: [],
    });
    expect(at("compute.buildServer")).toMatchObject({ stability: "internal", hooks: [] });
    expect(rows.map(({ point }) => point)).toEqual(rows.map(({ point }) => point).toSorted());
    expect(rows.filter(({ problem }) => problem)).toEqual([]);
    expect(() => JSON.stringify(rows)).not.toThrow();
  });

  it("says who is on a point, from where, within which limits, in the order they run", async () => {
    const { at } = await list(
      { acme: audit },
      { use: [{ point: "server.create", hook: "./own.js#Own" }] },
      { "own.js": hookClass("Own") },
    );
    expect(at("server.create")?.hooks).toEqual([
      {
        name: "Audit",
        path: "acme#Audit",
        from: "acme 1.2.0 (beside the configuration)",
        order: 7,
        failure: "open",
        timeLimit: 2_000,
        disabled: false,
      },
      {
        name: "Own",
        path: "./own.js#Own",
        from: "option hooks.use",
        order: 100,
        failure: "default",
        timeLimit: 5_000,
        disabled: false,
      },
    ]);
  });

  it("keeps the order of the manifest among hooks of one order", async () => {
    const hooks = ["Zeta", "Alpha", "Mid"].map((name) => ({ point: "server.delete", export: name }));
    const { at } = await list({
      acme: { kilonova: { api, hooks }, index: hooks.map((each) => hookClass(each.export)).join("\n") },
    });
    expect(at("server.delete")?.hooks.map(({ name }) => name)).toEqual(["Zeta", "Alpha", "Mid"]);
  });

  it("shows a hook that is disabled, and does not load it", async () => {
    const { at } = await list({ acme: { ...audit, index: "throw new Error('loaded')" } }, { disabled: ["Audit"] });
    expect(at("server.create")?.hooks).toMatchObject([{ name: "Audit", disabled: true }]);
    expect(at("server.create")?.hooks[0]).not.toHaveProperty("problem");
  });

  it("says what is wrong with a hook: it is none, it throws, or its package is for another plugin-api", async () => {
    const at1 = (index: string) => list({ acme: { ...audit, index } });
    const problem = async (listed: ReturnType<typeof list>) => (await listed).at("server.create")?.hooks[0]?.problem;
    expect(await problem(at1("export class Audit {}"))).toContain("expected a hook, with a method pre, post or error");
    expect(await problem(at1("throw new Error('no such file')"))).toContain("no such file");
    const old = { ...audit, kilonova: { ...(audit.kilonova as object), api: "^0.0.1" } };
    expect(await problem(list({ acme: old }))).toContain("expected plugin-api ^0.0.1");
  });

  it("has a point that nobody knows, with who is on it and what was probably meant", async () => {
    const { at } = await list(
      {},
      { use: [{ point: "server.craete", hook: "./own.js#Own" }] },
      { "own.js": hookClass("Own") },
    );
    expect(at("server.craete")).toMatchObject({
      version: null,
      stability: null,
      payload: null,
      hooks: [{ name: "Own" }],
      problem: expect.stringContaining("did you mean server.create?"),
    });
  });

  it("knows the points of services that plugins bring, declared ones too", async () => {
    const index = `
      const point = Symbol.for("kilonova.hook-point");
      export const charge = { [point]: true, name: "billing.charge", spec: { stability: "stable", description: "Money." } };
      export class Billing { static [Symbol.for("kilonova.plugin")] = { kind: "service", version: 1 }; }`;
    const kilonova = { api, provides: [{ kind: "service", export: "Billing" }] };
    const { at } = await list({ billing: { kilonova, index } });
    expect(at("billing.charge")).toMatchObject({ stability: "stable", description: "Money." });
  });
});
