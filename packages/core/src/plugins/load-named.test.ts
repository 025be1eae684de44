import { objectPath, optionGroup } from "@kilonova/config";
import { driver, drivers, isKilonovaError, options, PLUGIN_KIND } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ObjectLoader } from "../container/object-loader.js";
import { configurationOf } from "../testing/configuration.js";
import { pluginClass, pluginFolder } from "../testing/plugin-folder.js";
import { PLUGIN_API_VERSION } from "./api-version.js";
import { loadAskedFor } from "./load-named.js";
import { PluginCatalog } from "./plugin-catalog.js";

const api = `^${PLUGIN_API_VERSION}`;
const chainOptions = optionGroup(
  "chain",
  z.object({
    manager: objectPath().optional().describe("Who."),
    inner: objectPath("scheduler").optional().describe("Whom it asks."),
    filters: z.array(objectPath("filter")).default([]).describe("Which."),
    unused: objectPath("filter").optional().describe("Whom nobody asks for."),
    circle: objectPath().optional().describe("Who asks for itself."),
  }),
);
const lateOptions = optionGroup(
  "late",
  z.object({ filters: z.array(objectPath("filter")).default([]).describe("W.") }),
);

// Reached by object path, from this very module.
export class Outer {
  constructor(@driver("chain.inner") readonly inner: object) {}
}
export class Inner {
  static readonly [PLUGIN_KIND] = { kind: "scheduler", version: 1 };
  constructor(@drivers("chain.filters") readonly filters: readonly object[]) {}
}
export class Circle {
  constructor(@driver("chain.circle") readonly itself: object) {}
}
export class Late {
  constructor(
    @drivers("late.filters") readonly filters: readonly object[],
    @options(lateOptions) readonly settings: unknown,
  ) {}
}
export const factory = () => ({});
const here = (name: string) => `${new URL(import.meta.url).pathname}#${name}`;

/** Loads what `chain.manager` leads to, beside two packages that both have a filter Warm; what is wrong, if anything is. */
async function problemWith(values: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Promise<string> {
  const provides = [{ kind: "filter", export: "Warm" }];
  const warm = { kilonova: { api, provides }, index: pluginClass("Warm", "filter") };
  const cold = {
    kilonova: { api, provides: [{ kind: "weigher", export: "Cold" }] },
    index: pluginClass("Cold", "weigher"),
  };
  const directory = await pluginFolder({ acme: warm, other: warm, cold });
  const configuration = await configurationOf(values, directory);
  configuration.register(chainOptions);
  const catalog = await PluginCatalog.read({ directory });
  try {
    await loadAskedFor(configuration, new ObjectLoader(directory, [], { catalog }), ["chain.manager"]);
    return "none";
  } catch (error) {
    return isKilonovaError(error) ? error.message : String(error);
  }
}

describe("what options name is held to what they ask for before anything is made", () => {
  const nested = { manager: here("Outer"), inner: here("Inner") };

  it.each([
    ["a short name that two have", ["Warm"], "option chain.filters: several available plugins provide a filter Warm"],
    [
      "a short name of another kind",
      ["Cold"],
      "option chain.filters: no available plugin provides a filter Cold, but cold 1.0.0 (beside the configuration) a weigher; known are Warm.",
    ],
    ["a path to another kind", ["cold#Cold"], "expected a filter, received a weigher"],
    [
      "a package that is not there",
      ["absent#X"],
      "option chain.filters: package absent (from absent#X) is not installed",
    ],
  ])("down the chain of what asks for what: %s", async (_, filters, words) => {
    expect(await problemWith({ chain: { ...nested, filters } })).toContain(words);
  });

  it("and is fine where all is there, whatever others are named by options that nobody asks for", async () => {
    const chain = { ...nested, filters: ["acme#Warm"], unused: "Warm" };
    expect(await problemWith({ chain })).toBe("none");
  });

  it("by all of its group where a factory will make it, which does not say what it asks for", async () => {
    expect(await problemWith({ chain: { manager: here("factory"), unused: "Warm" } })).toContain("option chain.unused");
  });

  it("by options that its class declares", async () => {
    const values = { chain: { manager: here("Late") }, late: { filters: ["Warm"] } };
    expect(await problemWith(values)).toContain("option late.filters: several available plugins");
  });

  it("once, where it asks for itself", async () => {
    expect(await problemWith({ chain: { manager: here("Circle"), circle: here("Circle") } })).toBe("none");
  });
});
