import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { objectPath, optionGroup } from "@kilonova/config";
import { isKilonovaError } from "@kilonova/messaging";
import { driver, drivers } from "@kilonova/plugin-api";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { beginProcess } from "../process/begin-process.js";
import { Runtime } from "../runtime.js";
import { configurationOf } from "../testing/configuration.js";
import { pluginClass, pluginFolder, type TestPlugin } from "../testing/plugin-folder.js";
import { installSecondCopy } from "../testing/second-copy.js";
import { PLUGIN_API_VERSION } from "./api-version.js";

type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const schedulingOptions = optionGroup(
  "scheduling",
  z.object({
    driver: objectPath("filter").default("acme#One").describe("Who."),
    filters: z.array(objectPath("filter")).default([]).describe("Which."),
  }),
);

class Scheduling {
  constructor(@drivers("scheduling.filters") readonly filters: readonly object[]) {}
  get names() {
    return this.filters.map((filter) => filter.constructor.name);
  }
}
class Single {
  constructor(@driver("scheduling.driver") readonly filter: object) {}
}

let runtimes: Runtime[] = [];
afterEach(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.close()));
  runtimes = [];
});

async function startIn(directory: string, values: Values = {}) {
  const file = join(directory, "kilonova.log");
  const log = { level: "debug", file, ...values["log"] };
  // Nobody blocks the loop here, and its watch would be a thread for each.
  const service = { loopLagLimit: 0 };
  const configuration = await configurationOf({ service, ...values, log }, directory);
  const runtime = await Runtime.create({ configuration, groups: [schedulingOptions] });
  runtimes.push(runtime);
  const logged = async () =>
    (await readFile(file, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  return { runtime, logged };
}
describe("the beginning of a process", () => {
  it("is what its runtime goes on with: no plugin is read or loaded again", async () => {
    const folder = await pluginFolder({});
    const configuration = await configurationOf({ service: { loopLagLimit: 0 } }, folder);
    const beginning = await beginProcess(configuration);
    const runtime = await Runtime.create({ configuration, beginning });
    runtimes.push(runtime);
    expect(runtime.catalog).toBe(beginning.plugins.catalog);
    expect(runtime.logger).toBe(beginning.logger);
  });
});

const start = async (plugins: Readonly<Record<string, TestPlugin>>, values: Values = {}, more = {}) =>
  startIn(await pluginFolder(plugins, more), values);

async function failure(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown) => thrown,
  );
  return isKilonovaError(error) ? `${error.code}: ${error.message}` : String(error);
}

const api = `^${PLUGIN_API_VERSION}`;
const filters = (...names: readonly string[]) => ({
  api,
  provides: names.map((name) => ({ kind: "filter", export: name })),
});
const fine: TestPlugin = { kilonova: filters("Fine"), index: pluginClass("Fine", "filter") };
const hooked = (index: string, entry = {}): TestPlugin => ({
  kilonova: { api, hooks: [{ point: "server.create", export: "Audit", ...entry }] },
  index,
});
const AUDIT = "export class Audit { pre() {} }";
const anyPoint = { name: "server.create", version: "1.0", amendable: [], stability: "internal" } as const;

describe("plugins named by options", () => {
  it("are found by their short names, in lists and as drivers", async () => {
    const scheduling = { filters: ["Fine", "acme#Cold"], driver: "Fine" };
    const cold = { kilonova: filters("Cold"), index: pluginClass("Cold", "filter") };
    const { runtime } = await start({ acme: cold, fine }, { scheduling });
    expect((await runtime.container.build(Scheduling)).names).toEqual(["Fine", "Cold"]);
    expect((await runtime.container.build(Single)).filter.constructor.name).toBe("Fine");
  });

  it("may come with a second copy of plugin-api", async () => {
    const index = 'import { HostFilter } from "@kilonova/plugin-api"; export class Own extends HostFilter {}';
    const directory = await pluginFolder({ acme: { kilonova: filters("Own"), index } });
    await installSecondCopy(directory);
    const { runtime } = await startIn(directory, { scheduling: { filters: ["Own"] } });
    expect((await runtime.container.build(Scheduling)).names).toEqual(["Own"]);
  });

  it("are refused with the short name that was meant", async () => {
    const { runtime } = await start({ fine }, { scheduling: { filters: ["Fien"] } });
    expect(await failure(runtime.container.build(Scheduling))).toBe(
      "object.notFound: option scheduling.filters: no available plugin provides a filter Fien; did you mean Fine?",
    );
  });

  const named = "acme#Cold of acme 1.0.0 (beside the configuration)";
  const broken: readonly (readonly [string, TestPlugin, string])[] = [
    [
      "throws while it is loaded",
      { kilonova: filters("Cold"), index: 'throw new Error("no licence");' },
      `object.failed: option scheduling.filters: ${named} could not be loaded: no licence`,
    ],
    [
      "throws while it is made",
      {
        kilonova: filters("Cold"),
        index: pluginClass("Cold", "filter", 'constructor() { throw new Error("no power"); }'),
      },
      `object.failed: option scheduling.filters: ${named} could not be made: no power`,
    ],
    [
      "never ends being loaded",
      { kilonova: filters("Cold"), index: "await new Promise((resolve) => setTimeout(resolve, 100_000).unref());" },
      `object.failed: option scheduling.filters: ${named} could not be loaded: it took more than 20 ms`,
    ],
    [
      "never ends being made",
      { kilonova: filters("Cold"), index: "export const Cold = () => new Promise(() => {});" },
      `object.failed: option scheduling.filters: the factory ${named} failed: it took more than 1000 ms`,
    ],
    [
      "exports the wrong thing",
      { kilonova: filters("Cold"), index: pluginClass("Cold", "weigher") },
      `object.wrongKind: option scheduling.filters: ${named}: expected a filter, received a weigher.`,
    ],
    [
      "does not export what it says",
      { kilonova: filters("Cold"), index: "export const other = 1;" },
      `object.notFound: option scheduling.filters: ${named} leads nowhere: the module exports other.`,
    ],
    [
      "is for another plugin-api",
      { kilonova: { ...filters("Cold"), api: "^99.0.0" }, index: pluginClass("Cold", "filter") },
      `plugin.unfit: option scheduling.filters: acme#Cold: acme 1.0.0 (beside the configuration) cannot be used: expected plugin-api ^99.0.0, received ${PLUGIN_API_VERSION}; install a release of it that is for ${PLUGIN_API_VERSION}.`,
    ],
    [
      "has a wrong manifest",
      { kilonova: { api, provide: [] }, index: pluginClass("Cold", "filter") },
      'plugin.unfit: option scheduling.filters: acme#Cold: acme 1.0.0 (beside the configuration) cannot be used: the "kilonova" part of its package.json is wrong: Unrecognized key: "provide".',
    ],
  ];
  const scheduling = { filters: ["acme#Cold", "Fine"], driver: "acme#Cold" };
  const acme = (words: string, policy = {}) => {
    const [, limit] = /(\d+) ms$/.exec(words) ?? [];
    return { start: { acme: { ...policy, ...(limit === undefined ? {} : { timeLimit: `${limit}ms` }) } } };
  };
  const startWith = async (plugin: TestPlugin, plugins: Readonly<Record<string, unknown>>) => {
    const directory = await pluginFolder({ acme: plugin, fine });
    // What is loaded already takes no time of that in which it has to be made.
    if (plugin.index?.includes("export const Cold")) await import(join(directory, "node_modules/acme/index.js"));
    return startIn(directory, { scheduling, plugins });
  };

  it.each(broken)("abort what needs them where one %s, and name it", async (_, plugin, words) => {
    const { runtime } = await startWith(plugin, acme(words));
    expect(await failure(runtime.container.build(Scheduling))).toBe(words);
  });

  it.each(broken)("are gone on without where the operator says so and one %s", async (_, plugin, words) => {
    const { runtime, logged } = await startWith(plugin, acme(words, { policy: "continue" }));
    expect((await runtime.container.build(Scheduling)).names).toEqual(["Fine"]);
    expect((await logged()).filter(({ plugin: name }) => name === "acme").at(-1)).toMatchObject({
      level: 40,
      error: words.replace(/^\S+ /, ""),
    });
    expect(runtime.degradations).toEqual([]);
  });

  it("are listed where the process counts as degraded without one", async () => {
    const [, plugin, words] = broken[1] ?? expect.fail("there is none");
    const { runtime } = await startWith(plugin, acme(words, { policy: "degraded" }));
    expect((await runtime.container.build(Scheduling)).names).toEqual(["Fine"]);
    expect(runtime.degradations).toEqual([{ plugin: "acme", problem: words.replace(/^\S+ /, "") }]);
  });

  it("are told of by a notification where the process counts as degraded without, at its start or later", async () => {
    const index = `import { appendFileSync } from "node:fs";
      export class Sink {
        static [Symbol.for("kilonova.plugin")] = { kind: "notifier", version: 1 };
        async notify(told) { appendFileSync(new URL("../../told", import.meta.url), JSON.stringify(told) + "\\n"); }
        async close() {}
      }`;
    const sink = { kilonova: { api, provides: [{ kind: "notifier", export: "Sink" }] }, index };
    const unfit = { kilonova: { api: "^99.0.0" } };
    const directory = await pluginFolder({ sink, unfit, fine, acme: { kilonova: filters("Cold"), index: "" } });
    const degraded = { policy: "degraded" };
    const { runtime } = await startIn(directory, {
      scheduling,
      notifications: { notifiers: ["Sink"] },
      plugins: { start: { unfit: degraded, acme: degraded } },
    });
    await runtime.container.build(Scheduling);
    await runtime.close();
    const lines = (await readFile(join(directory, "told"), "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { eventType: "service.degraded", priority: "error", payload: { plugin: "unfit" } },
      {
        eventType: "service.degraded",
        payload: { plugin: "acme", problem: expect.stringContaining("leads nowhere: the module exports nothing") },
      },
    ]);
  });

  it("abort all the same where an option names one alone, for there is nothing to go on with", async () => {
    const [, plugin] = broken[0] ?? expect.fail("there is none");
    const { runtime } = await start({ acme: plugin }, { scheduling, plugins: acme("", { policy: "continue" }) });
    expect(await failure(runtime.container.build(Single))).toContain("option scheduling.driver: acme#Cold of acme");
  });

  it("are gone on without where a package is missing, or a file, and the operator says so", async () => {
    const plugins = { start: { absent: { policy: "continue" }, "./absent.js": { policy: "degraded" } } };
    const values = { scheduling: { filters: ["absent#X", "./absent.js#Y", "Fine"] }, plugins };
    const { runtime } = await start({ fine }, values);
    expect((await runtime.container.build(Scheduling)).names).toEqual(["Fine"]);
    expect(runtime.degradations).toMatchObject([{ plugin: "./absent.js" }]);
  });
});

describe("plugins that are merely installed", () => {
  const options = (group: string, body: string) => ({
    kilonova: { api, optionGroups: [group] },
    index: `import { optionGroup } from "@kilonova/plugin-api"; import { z } from "zod"; ${body}`,
  });

  it("declare their options before anything is checked", async () => {
    const index = 'export const power = optionGroup("power", z.object({ level: z.int().default(3).describe("L.") }));';
    const directory = await pluginFolder({ acme: options("power", index) });
    await installSecondCopy(directory);
    const { runtime } = await startIn(directory, { power: { level: 7 } });
    expect(runtime.configuration.lookUp("power.level").value).toBe(7);
    expect(runtime.catalog.find("acme")).toBeDefined();
    const wrong = await startIn(directory, { power: { level: "high" } });
    expect(wrong.runtime.configuration.problems()).toMatchObject([{ option: "power.level" }]);
  });

  it.each([
    ["throws while it is loaded", 'throw new Error("no licence");', "could not be loaded: no licence"],
    [
      "exports something else",
      "export const power = 1;",
      "acme#power of acme 1.0.0 (beside the configuration): expected an option group, received a value of type number.",
    ],
    [
      "declares a group that there is already",
      'export const power = optionGroup("service", z.object({ a: z.int().default(3).describe("A.") }));',
      "acme 1.0.0 (beside the configuration) declares an option group that another package declares differently: service: the group with host, ",
    ],
  ])("are left out with a warning where one %s", async (_, index, words) => {
    const directory = await pluginFolder({ acme: options("power", index), fine });
    await installSecondCopy(directory);
    const { runtime, logged } = await startIn(directory, { scheduling: { filters: ["Fine"] } });
    expect((await runtime.container.build(Scheduling)).names).toEqual(["Fine"]);
    const warnings = (await logged()).filter(({ level, plugin }) => level >= 40 && plugin !== undefined);
    expect(warnings).toMatchObject([{ plugin: "acme", error: expect.stringContaining(words) }]);
  });

  it("are left out with a warning where one is not fit, and end the process where the operator wants that", async () => {
    const acme = { kilonova: { api: "^99.0.0" } };
    const { logged } = await start({ acme });
    expect(await logged()).toContainEqual(
      expect.objectContaining({ plugin: "acme", error: expect.stringContaining("expected plugin-api ^99.0.0") }),
    );
    const abort = { plugins: { start: { acme: { policy: "abort" } } } };
    expect(await failure(start({ acme }, abort))).toContain("plugin.unfit: acme 1.0.0 (beside the configuration)");
  });

  it("are warned of, in one line, where two have a name", async () => {
    const { logged } = await start({ fine, other: fine });
    const warnings = (await logged()).filter(({ msg }) => msg === "a plugin has a name that another one has too");
    const place = "1.0.0 (beside the configuration)";
    const error = `it provides a filter Fine, and so does fine ${place}; name it by its path: other#Fine`;
    expect(warnings).toMatchObject([{ plugin: `other ${place}`, error }]);
  });
});

describe("hooks of installed plugins", () => {
  it("enter their points as the manifest says, and are made at the first call", async () => {
    const index = "export let made = 0; export class Audit { constructor() { made += 1; } pre() {} }";
    const directory = await pluginFolder({
      acme: hooked(index, { order: 5, failure: "open", timeLimit: "2s" }),
    });
    const { runtime } = await startIn(directory);
    const [entered] = runtime.hooks.at("server.create");
    expect(entered).toMatchObject({
      name: "acme#Audit",
      entry: { point: "server.create", order: 5, failure: "open", timeLimit: "2s" },
    });
    const made = async () => (await import(join(directory, "node_modules/acme/index.js"))).made;
    expect(await made()).toBe(0);
    await runtime.hooks.run(anyPoint, runtime.context(), {}, async () => "ok");
    expect(await made()).toBe(1);
  });

  it("are one object at all points that a class enters, by manifest or by option, so that it can remember", async () => {
    const index =
      "export class Audit { seen = []; pre({ point }) { this.seen.push(point); throw new Error(this.seen); } }";
    const acme = {
      kilonova: {
        api,
        hooks: ["server.create", "server.build"].map((point) => ({ point, export: "Audit", failure: "closed" })),
      },
      index,
    };
    const use = [{ point: "server.delete", hook: "./node_modules/acme/index.js#Audit", failure: "closed" }];
    const { runtime } = await start({ acme }, { hooks: { use } });
    const runAt = (name: string) =>
      failure(runtime.hooks.run({ ...anyPoint, name }, runtime.context(), {}, async () => "ok"));
    await runAt("server.create");
    await runAt("server.delete");
    expect(await runAt("server.build")).toMatch(/failed: server\.create,server\.delete,server\.build$/);
  });

  it("are made anew where the making failed, for whichever point comes next", async () => {
    const index = `let tries = 0;
      export class Audit { constructor() { if (tries++ === 0) throw new Error("not yet"); } pre() {} }`;
    const hooks = ["server.create", "server.build"].map((point) => ({ point, export: "Audit" }));
    const { runtime } = await start({ acme: { kilonova: { api, hooks }, index } });
    const runAt = (name: string) => runtime.hooks.run({ ...anyPoint, name }, runtime.context(), {}, async () => "ok");
    expect(await failure(runAt("server.create"))).toContain("not yet");
    expect(await runAt("server.build")).toBe("ok");
  });

  it.each(["Audit", "acme#Audit"])("stay out where hooks.disabled names %s", async (disabled) => {
    const { runtime } = await start(
      { acme: hooked("throw new Error('not even loaded');") },
      { hooks: { disabled: [disabled] } },
    );
    expect(runtime.hooks.points()).toEqual([]);
  });

  it("enter once where an option enters them too, as the option says, which may use the short name", async () => {
    const use = [{ point: "server.create", hook: "Audit", order: 1 }];
    const { runtime } = await start({ acme: hooked(AUDIT, { order: 5 }) }, { hooks: { use } });
    expect(runtime.hooks.at("server.create")).toMatchObject([{ name: "acme#Audit", order: 1 }]);
  });

  const broken: readonly (readonly [string, TestPlugin, string])[] = [
    ["throws while it is loaded", hooked("throw new Error('no licence');"), "could not be loaded: no licence"],
    [
      "is no hook",
      hooked("export class Audit {}"),
      "object.wrongKind: the manifest of acme: acme#Audit of acme 1.0.0 (beside the configuration): expected a hook, with a method pre, post or error, received class Audit, which is no plugin.",
    ],
    [
      "is for another plugin-api",
      { kilonova: { api: "^99.0.0", hooks: [{ point: "server.create", export: "Audit" }] }, index: AUDIT },
      "plugin.unfit: acme 1.0.0 (beside the configuration) cannot be used: expected plugin-api ^99.0.0",
    ],
  ];

  it.each(broken)("that must not fail end the process where one %s", async (_, acme, words) => {
    expect(await failure(start({ acme }))).toContain(words);
  });

  it.each(broken)("are gone on without where the operator says so and one %s", async (_, acme) => {
    const plugins = { start: { acme: { policy: "degraded" } } };
    const { runtime } = await start({ acme, other: hooked(AUDIT) }, { plugins });
    expect(runtime.hooks.at("server.create").map(({ name }) => name)).toEqual(["other#Audit"]);
    expect(runtime.degradations).toMatchObject([{ plugin: "acme" }]);
  });

  it.each(["throw new Error('no licence');", "export class Audit {}"])(
    "whose failure is let pass are gone on without: %s",
    async (index) => {
      const { runtime, logged } = await start({ acme: hooked(index, { failure: "open" }) });
      expect(runtime.hooks.points()).toEqual([]);
      expect((await logged()).filter(({ level, plugin }) => level === 40 && plugin !== undefined)).toMatchObject([
        { plugin: "acme" },
      ]);
      expect(runtime.degradations).toEqual([]);
    },
  );
});

describe("the options of a process", () => {
  it("are all logged at debug with their origins, secrets masked, and not otherwise", async () => {
    const secretOptions = optionGroup(
      "vault",
      z.object({ key: z.string().default("none").describe("K.").meta({ secret: true }) }),
    );
    const directory = await pluginFolder({});
    const configuration = await configurationOf(
      { vault: { key: "hunter2" }, log: { level: "debug", file: join(directory, "debug.log") } },
      directory,
    );
    runtimes.push(await Runtime.create({ configuration, groups: [secretOptions] }));
    const text = await readFile(join(directory, "debug.log"), "utf8");
    expect(text).not.toContain("hunter2");
    const dumped = text.split("\n").filter((line) => line.includes("an option"));
    expect(dumped.find((line) => line.includes("vault.key"))).toContain("***");
    expect(dumped.find((line) => line.includes("plugins.startTimeLimit"))).toContain('"origin":"default"');
    const { logged } = await startIn(directory, { log: { level: "info" } });
    expect((await logged().catch(() => [])).filter(({ msg }) => msg === "an option")).toEqual([]);
  });
});
