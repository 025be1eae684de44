import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Service } from "../service/service.js";
import { pluginClass, pluginFolder } from "../testing/plugin-folder.js";
import { installSecondCopy } from "../testing/second-copy.js";
import { PLUGIN_API_VERSION } from "./api-version.js";

const api = `^${PLUGIN_API_VERSION}`;
const MANAGER = `
import { drivers, Manager, manager, method, objectPath, optionGroup, rpcContract, rpcMethod } from "@kilonova/plugin-api";
import { z } from "zod";
export const lifeOptions = optionGroup("life", z.object({
  manager: z.string().describe("Who."),
  filters: z.array(objectPath()).default([]).describe("Which."),
}));
export class Own extends Manager {
  constructor(filters) { super(); this.filters = filters; }
  async work() { return this.filters.map((filter) => filter.constructor.name).join(", "); }
}
drivers("life.filters", "filter")(Own, undefined, 0);
manager(rpcContract("life", "1.0", { work: method({ result: z.string() }) }))(Own);
rpcMethod()(Own.prototype, "work", {});`;

const services: Service[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const service of services.splice(0)) await service.stop();
});

describe("a service that is a program of its own", () => {
  it("has the plugins beside its configuration: short names, options, hooks", async () => {
    const folder = await pluginFolder(
      {
        cold: {
          kilonova: { api, provides: [{ kind: "filter", export: "Cold" }], optionGroups: ["coldOptions"] },
          index: `${pluginClass("Cold", "filter", 'title = "cold";')}
            import { optionGroup } from "@kilonova/plugin-api";
            import { z } from "zod";
            export const coldOptions = optionGroup("cold", z.object({ level: z.int().default(3).describe("L.") }));`,
        },
        audit: {
          kilonova: { api, hooks: [{ point: "life.work", export: "Audit" }] },
          index: "export class Audit { pre() {} }",
        },
      },
      {
        "kilonova-life.js": "",
        "manager.mjs": MANAGER,
        "kilonova.config.json": JSON.stringify({
          life: { manager: "./manager.mjs#Own", filters: ["Cold"] },
          cold: { level: 5 },
          log: { level: "silent" },
        }),
      },
    );
    await installSecondCopy(folder);
    const config = join(folder, "kilonova.config.json");
    const argv = [process.execPath, join(folder, "kilonova-life.js"), "--config-file", config];
    vi.spyOn(process, "argv", "get").mockReturnValue(argv);
    const service = await Service.create();
    services.push(service);
    const { runtime } = service;
    expect(runtime.catalog.plugins.map(({ name, from }) => [name, from])).toEqual([
      ["audit", "configuration"],
      ["cold", "configuration"],
    ]);
    expect(service.manager).toMatchObject({ filters: [{ title: "cold" }] });
    expect(runtime.configuration.lookUp("cold.level").value).toBe(5);
    expect(runtime.hooks.at("life.work").map(({ name }) => name)).toEqual(["audit#Audit"]);
  });
});
