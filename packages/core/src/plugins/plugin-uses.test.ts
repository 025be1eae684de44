import { objectPath, optionGroup } from "@kilonova/config";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { configurationOf } from "../testing/configuration.js";
import { pluginFolder } from "../testing/plugin-folder.js";
import { PLUGIN_API_VERSION } from "./api-version.js";
import { PluginCatalog } from "./plugin-catalog.js";
import { namedPaths, pluginUses } from "./plugin-uses.js";

const api = `^${PLUGIN_API_VERSION}`;
const someOptions = optionGroup(
  "some",
  z.object({
    driver: objectPath().default("acme#One").describe("Who."),
    filters: z.array(objectPath()).default([]).describe("Which."),
  }),
);

async function usesWith(values: Readonly<Record<string, Readonly<Record<string, unknown>>>>) {
  const plugins = {
    acme: { kilonova: { api } },
    "acme-more": { kilonova: { api, provides: [{ kind: "filter", export: "Cold" }] } },
    hooked: { kilonova: { api, hooks: [{ point: "server.create", export: "Audit" }] } },
  };
  const directory = await pluginFolder(plugins);
  const configuration = await configurationOf(values, directory);
  configuration.register(someOptions);
  return { configuration, uses: pluginUses(configuration, await PluginCatalog.read({ directory })) };
}

describe("a plugin is in use", () => {
  it("by the options that name it, defaults too, by path or by short name, and by its manifest where hooks enter", async () => {
    const { uses } = await usesWith({ some: { filters: ["Cold", "./own.js#Own"] } });
    expect(uses).toEqual(
      new Map([
        ["acme", ["some.driver"]],
        ["acme-more", ["some.filters"]],
        ["hooked", ["its manifest"]],
      ]),
    );
  });

  it("no more by its manifest once its hooks are disabled, but by an option that has one enter", async () => {
    const use = [{ point: "server.create", hook: "acme-more/hooks#Own" }];
    const { uses, configuration } = await usesWith({
      some: { driver: "./own.js" },
      hooks: { use, disabled: ["Audit"] },
    });
    expect(uses).toEqual(new Map([["acme-more", ["hooks.use"]]]));
    expect(namedPaths(configuration)).toContainEqual({
      option: "hooks.use",
      path: "acme-more/hooks#Own",
      kind: "hook",
      isList: true,
      origin: { from: "override" },
    });
  });
});
