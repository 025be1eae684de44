import { join } from "node:path";
import { loadConfiguration } from "@kilonova/config";
import { PLUGIN_API_VERSION } from "@kilonova/core";
import { describe, expect, it } from "vitest";
import { embeddedConfiguration, writtenConfiguration } from "./embedded-configuration.js";
import { IN_BOX_GROUPS } from "./in-box.js";
import { declareInstalledPlugins, knownGroups } from "./installed-plugins.js";
import { loadServed, namedFailures } from "./named-modules.js";
import { cloudFolder } from "./testing/cloud-folder.js";

const api = `^${PLUGIN_API_VERSION}`;
const GROUP = `import { optionGroup } from "@kilonova/config";
  import { z } from "zod";
  export const powerOptions = optionGroup("power", z.object({ level: z.int().default(3).describe("How much.") }));`;

const sourceIn = (folder: string) => ({ argv: ["--config-file", join(folder, "kilonova.config.json")] });
const written = async (folder: string) => (await writtenConfiguration(sourceIn(folder))).configuration;

describe("the option groups of plugins", () => {
  it("are those in the box and those beside the configuration; a broken plugin costs only its own", async () => {
    const folder = await cloudFolder(
      {},
      {
        power: [{ api, optionGroups: ["powerOptions"] }, GROUP],
        broken: [{ api, optionGroups: ["other"] }, "throw new Error('no licence');"],
      },
    );
    const loaded = await loadConfiguration({ program: "kilonova", groups: IN_BOX_GROUPS, ...sourceIn(folder) });
    const { groups, failures } = await knownGroups(loaded);
    expect(groups.map(({ name }) => name)).toEqual(expect.arrayContaining(["rabbitmq", "qemu", "fake", "power"]));
    expect(failures.map(String)).toEqual([expect.stringMatching(/manifest of broken: .*no licence/)]);
  });
});

describe("what an operator wrote for a cloud in one process", () => {
  it("may have options of plugins, and name what they provide by its short name", async () => {
    const filter = 'export class Cold { static [Symbol.for("kilonova.plugin")] = { kind: "filter", version: 1 }; }';
    const manifest = { api, provides: [{ kind: "filter", export: "Cold" }], optionGroups: ["powerOptions"] };
    const folder = await cloudFolder(
      { power: { level: 5 }, scheduler: { filters: ["ComputeFilter", "Cold"] } },
      { cold: [manifest, `${GROUP}\n${filter}`] },
    );
    expect((await written(folder)).lookUp("power.level").value).toBe(5);
  });

  it("is refused where a short name is wrong, an option of a plugin, or a hook that must not fail", async () => {
    const plugins = {
      power: [{ api, optionGroups: ["powerOptions"] }, GROUP] as const,
      audit: [
        { api, hooks: [{ point: "server.create", export: "Audit" }] },
        "export class Audit { pre() {} }",
      ] as const,
    };
    const refused = async (configuration: unknown, more = {}) =>
      written(await cloudFolder(configuration, { ...plugins, ...more })).then(
        () => "nothing",
        (error: Error) => error.message,
      );
    expect(await refused({})).toBe("nothing");
    expect(await refused({ scheduler: { filters: ["ComputeFliter"] } })).toBe(
      "option scheduler.filters: no available plugin provides a filter ComputeFliter; did you mean ComputeFilter?",
    );
    expect(await refused({ image: { store: "TokenAuthenticator" } })).toContain(
      "option image.store: no available plugin provides an image-store TokenAuthenticator, but @kilonova/http ",
    );
    expect(await refused({ network: { driver: "@kilonova/virt-fake#FakeDriver" } })).toContain(
      "expected a network-driver, received a virt-driver",
    );
    expect(await refused({ power: { level: "high" } })).toContain("power.level");
    const broken = [{ api, hooks: [{ point: "server.create", export: "Audit" }] }, "export class Audit {}"];
    expect(await refused({}, { audit: broken })).toContain("audit#Audit of audit 1.0.0 (beside the configuration)");
  });

  it("is not refused for the options of a plugin that is broken: what it declares is not known", async () => {
    const broken = [{ api, optionGroups: ["powerOptions"] }, "throw new Error('no licence');"] as const;
    const folder = await cloudFolder({ power: { level: 5 } }, { power: broken });
    expect((await written(folder)).groups().map(({ name }) => name)).not.toContain("power");
    const source = sourceIn(folder);
    const { notice, beginning } = await embeddedConfiguration(
      join(folder, "state"),
      source,
      await writtenConfiguration(source),
    );
    await beginning.loopWatch.stop();
    expect(notice).toMatch(/a plugin cannot be used; going on without it: .*power 1\.0\.0 .*no licence/);
  });

  it("may name what is in the box by its short name", async () => {
    const folder = await cloudFolder(
      {
        transport: { driver: "MemoryTransport" },
        servicegroup: { driver: "RecordServiceGroup" },
        scheduler: { manager: "@kilonova/scheduler#schedulerManager", driver: "FilterScheduler" },
        network: { manager: "FlatManager", driver: "FakeNetworkDriver" },
        image: { manager: "ImageManager", store: "FileStore" },
        compute: { manager: "ComputeManager", driver: "FakeDriver" },
        api: { authSchemes: ["TokenAuthenticator"] },
      },
      {},
    );
    expect((await written(folder)).lookUp("image.store").value).toBe("FileStore");
  });

  it("names, all at once, every object path that is wrong, for who asks what is", async () => {
    const configuration = { scheduler: { filters: ["Absent"], driver: "RAMWeigher" }, image: { store: "./no.js#No" } };
    const folder = await cloudFolder(configuration, {});
    const loaded = await loadConfiguration({ program: "kilonova", groups: IN_BOX_GROUPS, ...sourceIn(folder) });
    const failures = await namedFailures(loaded, await declareInstalledPlugins(loaded));
    expect(failures.map(String)).toEqual([
      expect.stringContaining("option image.store"),
      expect.stringContaining("option scheduler.driver"),
      expect.stringContaining("option scheduler.filters"),
    ]);
  });

  it("goes on without a filter that is broken where it says so", async () => {
    const configuration = {
      scheduler: { filters: ["ComputeFilter", "./broken.js#Broken"] },
      plugins: { start: { "./broken.js": { policy: "continue" } } },
    };
    const folder = await cloudFolder(configuration, {});
    expect((await written(folder)).lookUp("scheduler.filters").value).toHaveLength(2);
  });
});

describe("what services are made of is held to what they ask for before they are started", () => {
  const PROVIDES = [{ kind: "filter", export: "Cold" }];
  const COLD = 'export class Cold { static [Symbol.for("kilonova.plugin")] = { kind: "filter", version: 1 }; }';

  async function problemOf(names: readonly string[], configuration: unknown): Promise<string> {
    const twice = [{ api, provides: PROVIDES }, COLD] as const;
    const folder = await cloudFolder(configuration, { one: twice, other: twice });
    const loaded = await loadConfiguration({ program: "kilonova", groups: IN_BOX_GROUPS, ...sourceIn(folder) });
    const plugins = await declareInstalledPlugins(loaded);
    return loadServed(loaded, plugins, names).then(
      () => "none",
      (error: Error) => error.message,
    );
  }

  it.each([
    [["scheduler"], { scheduler: { filters: ["Cold"] } }, /^option scheduler\.filters: several .* a filter Cold/],
    [["compute"], { compute: { driver: "FakeDriver" }, network: { driver: "FakeDriver" } }, /^option network\.driver/],
    [
      ["image", "api"],
      { api: { authSchemes: ["FileStore"] } },
      /^option api\.authSchemes: .* an authenticator FileSto/,
    ],
    [["identity"], { transport: { driver: "FileStore" } }, /^option transport\.driver/],
    [
      ["identity"],
      { hooks: { use: [{ point: "server.create", hook: "Cold" }] } },
      /^option hooks\.use: .* a hook Cold/,
    ],
    [["own"], { own: { manager: "FileStore" } }, /^option own\.manager: .* a service FileStore, but .* an image-store/],
  ])("%j", async (names, configuration, words) => {
    expect(await problemOf(names, configuration)).toMatch(words);
  });

  it("and nothing else is: what other processes need is installed there", async () => {
    const configuration = { scheduler: { filters: ["Cold"] }, network: { driver: "absent#Driver" } };
    expect(await problemOf(["network", "identity"], configuration)).toBe("none");
  });
});
