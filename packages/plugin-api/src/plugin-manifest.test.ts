import { describe, expect, it } from "vitest";
import { z } from "zod";
import { pluginManifestSchema } from "./plugin-manifest.js";

describe("the manifest of a plugin", () => {
  it("needs only the range of plugin-api", () => {
    expect(pluginManifestSchema.parse({ api: "^1.0.0" })).toEqual({
      api: "^1.0.0",
      provides: [],
      hooks: [],
      optionGroups: [],
    });
  });

  it("is described in full by its JSON Schema, from which editors complete", () => {
    const schema = z.toJSONSchema(pluginManifestSchema, { io: "input" });
    expect(schema.required).toEqual(["api"]);
    expect(schema.additionalProperties).toBe(false);
    const undescribed = Object.entries(schema.properties ?? {}).filter(
      ([, each]) => typeof each !== "object" || !each.description,
    );
    expect(undescribed).toEqual([]);
    expect(JSON.stringify(schema)).toContain('"timeLimit":{"');
  });

  it.each([["soon"], ["-5s"], ["1e3s"], [5], ["0s"], ["0.4ms"], ["61m"], ["90d"]])(
    "refuses %j as the time limit of a hook",
    (timeLimit) => {
      const hooks = [{ point: "server.create", export: "Audit", timeLimit }];
      expect(pluginManifestSchema.safeParse({ api: "*", hooks }).success).toBe(false);
      expect(
        pluginManifestSchema.safeParse({ api: "*", hooks: [{ point: "a.b", export: "A", timeLimit: "1.5s" }] }).success,
      ).toBe(true);
    },
  );
});
