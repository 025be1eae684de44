import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PLUGIN_API_VERSION } from "@kilonova/core";
import { describe, expect, it } from "vitest";
import { stopEmbeddedCloud } from "./stop-embedded-cloud.js";
import { cloudFolder } from "./testing/cloud-folder.js";

const api = `^${PLUGIN_API_VERSION}`;
const hooks = [{ point: "server.create", export: "Audit" }];
const BROKEN = 'throw new Error("no licence");';

/** Stops what has run beside a configuration and these plugins. */
async function stopped(
  configuration: object,
  plugins: Readonly<Record<string, readonly [kilonova: unknown, index: string]>> = {},
  guests = false,
) {
  const folder = await cloudFolder({ compute: { driver: "FakeDriver" }, ...configuration }, plugins);
  const state = join(folder, "state");
  await mkdir(join(state, "lock"), { recursive: true });
  const told: string[] = [];
  const settings = { stateDirectory: state, guests, onProgress: (message: string) => told.push(message) };
  const argv = ["--config-file", join(folder, "kilonova.config.json")];
  const left = await stopEmbeddedCloud({ ...settings, argv }).catch((error: Error) => error.message);
  return { left, told };
}

describe("a cloud is stopped", () => {
  it.each([
    ["a hook that must not fail and cannot be loaded", {}, { audit: [{ api, hooks }, BROKEN] }],
    ["one whose manifest is wrong", {}, { audit: [{ api, hooks, more: 1 }, BROKEN] }],
    ["one for another plugin-api", {}, { audit: [{ api: "^99.0.0", hooks }, ""] }],
    [
      "a package that the operator would not go on without",
      { plugins: { start: { acme: { policy: "abort" } } } },
      { acme: [{ api, optionGroups: ["none"] }, BROKEN] },
    ],
    [
      "hooks, filters and notifiers that are not there",
      {
        hooks: { use: [{ point: "server.create", hook: "./gone.js#Audit" }] },
        scheduler: { filters: ["Gone"] },
        notifications: { notifiers: ["gone#Notifier"] },
        transport: { driver: "gone#Transport" },
      },
      {},
    ],
  ] as const)("whatever is broken: %s", async (_, configuration, plugins) => {
    expect(await stopped(configuration, plugins)).toEqual({ left: 0, told: [] });
  });

  it("and says that its guests cannot be counted where its virt driver cannot be used", async () => {
    const { left, told } = await stopped({ compute: { driver: "gone#Driver" } });
    expect(left).toBeUndefined();
    expect(told).toEqual([
      expect.stringMatching(/^the guests cannot be counted: option compute\.driver: package gone/),
    ]);
  });

  it("but not with success where guests were to be shut down, and cannot be", async () => {
    const { left } = await stopped({ compute: { driver: "gone#Driver" } }, {}, true);
    expect(left).toMatch(/^option compute\.driver: package gone/);
  });

  it("not before an option of what is in the box is right, for nothing is touched on a mistake", async () => {
    expect((await stopped({ http: { prot: 1 } })).left).toContain("did you mean http.port?");
  });
});
