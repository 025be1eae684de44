import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { stringify } from "yaml";
import { EmbeddedCloud } from "./embedded-cloud.js";
import { pluginClass, type WrittenPlugin, writePlugins } from "./plugin-folder.js";
import { expectReleased, refusalOf, runCommand } from "./refused-command.js";

const PASSES = "hostPasses() { return true; }";
const provides = (kind: string, name: string) => [{ kind, export: name }];

describe("a plugin that cannot be used, named by an option", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "kilonova-bad-")));
    const made = folder;
    onTestFinished(() => rm(made, { recursive: true, force: true }));
  });

  interface Mistake {
    readonly what: string;
    readonly plugins: readonly WrittenPlugin[];
    readonly options?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly exitCode?: 1 | 2;
    readonly says: readonly (string | RegExp)[];
  }

  const filter = (plugin: Partial<WrittenPlugin> & { readonly code: string }): WrittenPlugin => ({
    name: "acme-filter",
    provides: provides("filter", "AcmeFilter"),
    ...plugin,
  });
  const inUse = { scheduler: { filters: ["acme-filter#AcmeFilter"] } };

  it.each<Mistake>([
    {
      what: "one that throws while it is loaded",
      plugins: [filter({ code: 'throw new Error("no licence found");' })],
      says: ["acme-filter", "could not be loaded: no licence found"],
    },
    {
      what: "one whose constructor throws",
      plugins: [
        filter({
          code: pluginClass("filter", "AcmeFilter", `constructor() { throw new Error("no licence found"); } ${PASSES}`),
        }),
      ],
      says: ["acme-filter#AcmeFilter", "could not be made: no licence found"],
    },
    {
      what: "one that never comes to an end of its loading",
      plugins: [filter({ code: "await new Promise(() => {});" })],
      options: { plugins: { startTimeLimit: "200ms" } },
      says: ["acme-filter", /200\s?ms/],
    },
    {
      what: "one that is of another kind",
      plugins: [filter({ code: pluginClass("weigher", "AcmeFilter", "weigh() { return 1; }") })],
      says: ["acme-filter#AcmeFilter", "expected a filter, received a weigher"],
    },
    {
      what: "one that does not export what is asked for",
      plugins: [filter({ code: "export const Other = 1;" })],
      says: [/acme-filter#AcmeFilter of acme-filter 1\.0\.0 .*leads nowhere: the module exports Other/],
    },
    {
      what: "one for another release of the plugin API",
      plugins: [filter({ api: "^99.0.0", code: pluginClass("filter", "AcmeFilter", PASSES) })],
      says: ["acme-filter", "1.0.0", "expected plugin-api ^99.0.0"],
    },
    {
      what: "a short name that nobody has",
      plugins: [filter({ code: pluginClass("filter", "AcmeFilter", PASSES) })],
      options: { scheduler: { filters: ["AcmeFiltre"] } },
      says: ["option scheduler.filters", "AcmeFiltre", "did you mean AcmeFilter?"],
    },
  ])("ends the start with a line that names it: $what", async ({ plugins, options = {}, exitCode = 1, says }) => {
    await writePlugins(folder, plugins);
    await writeFile(join(folder, "kilonova.config.yaml"), stringify({ ...inUse, ...options }));
    const message = refusalOf(await runCommand({ args: ["up", "--http.port=0"], cwd: folder }), exitCode);
    for (const words of says) expect(message).toMatch(words);
    await expectReleased(join(folder, ".kilonova"));
  });

  it("warns of a short name that two of them have, and refuses it where it is asked for", async () => {
    const code = pluginClass("filter", "AcmeFilter", PASSES);
    await writePlugins(folder, [filter({ code }), filter({ name: "other-filter", code })]);
    await writeFile(join(folder, "kilonova.config.yaml"), stringify({ scheduler: { filters: ["AcmeFilter"] } }));
    const { exitCode, stderr } = await runCommand({ args: ["up", "--http.port=0"], cwd: folder });
    const lines = stderr.trim().split("\n");
    expect({ exitCode, lines: lines.length }).toEqual({ exitCode: 1, lines: 2 });
    expect(lines[0]).toMatch(/a filter AcmeFilter, and so does acme-filter .* name it by its path/);
    expect(lines[1]).toMatch(
      /^kilonova: option scheduler\.filters: .*acme-filter#AcmeFilter or other-filter#AcmeFilter/,
    );
  });
});

describe("plugins that misbehave in a cloud that runs", () => {
  let folder: string;
  let cloud: EmbeddedCloud;

  const hook = (name: string, entry: Readonly<Record<string, unknown>>, body: string): WrittenPlugin => ({
    name,
    provides: [{ kind: "hook", export: "TheHook" }],
    hooks: [{ point: "server.create", export: "TheHook", ...entry }],
    code: `export class TheHook { ${body} }`,
  });
  /** The hooks and the filter act on servers whose name asks for it. */
  const PLUGINS: readonly WrittenPlugin[] = [
    hook("failing-open", { failure: "open" }, 'pre() { throw new Error("the audit log is full"); }'),
    hook(
      "failing-closed",
      {},
      'pre({ payload }) { if (payload.name === "closed") throw new Error("no policy found"); }',
    ),
    hook(
      "never-settling",
      { timeLimit: "300ms" },
      'pre({ payload }) { if (payload.name === "hangs") return new Promise(() => {}); }',
    ),
    {
      name: "broken-at-load",
      provides: provides("weigher", "Nothing"),
      hooks: [{ point: "server.delete", export: "Nothing", failure: "open" }],
      code: 'throw new Error("no such library");',
    },
    {
      name: "bad-filter",
      provides: provides("filter", "BadFilter"),
      code: pluginClass(
        "filter",
        "BadFilter",
        `hostPasses(host, request) {
          if (request.hints.fail) throw new Error("no such aggregate");
          if (request.hints.block) for (const until = Date.now() + 2500; Date.now() < until; );
          return true;
        }`,
      ),
    },
  ];

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "kilonova-bad-")));
    await writePlugins(folder, PLUGINS);
    const configuration = join(folder, "kilonova.config.yaml");
    await writeFile(configuration, stringify({ scheduler: { filters: ["ComputeFilter", "BadFilter"] } }));
    cloud = await EmbeddedCloud.start("fake", ["--config-file", configuration, "--first-guest"]);
  });
  afterAll(async () => {
    await cloud?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  const attempt = (name: string, ...more: readonly string[]) =>
    cloud.client.attempt("server", "create", "--flavor", "tiny", "--image", "tiny", "--wait", ...more, name);
  const create = async (name: string, ...more: readonly string[]) =>
    expect(await attempt(name, ...more)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/status +\| ACTIVE/),
    });
  const log = () => readFile(join(cloud.stateFolder, "kilonova.log"), "utf8");

  it("goes on without one that cannot be loaded and that nobody asked for, and says so once", async () => {
    expect((await log()).split("\n").filter((line) => line.includes("no such library"))).toHaveLength(1);
    expect(await log()).toMatch(/broken-at-load.*no such library/);
  });

  it("logs a hook that throws and may, and builds the server", async () => {
    await create("first");
    expect(await log()).toMatch(/failing-open#TheHook.*the audit log is full/);
  });

  it.each([
    ["closed", /Hook failing-closed#TheHook at server\.create failed: no policy found/],
    ["hangs", /Hook never-settling#TheHook at server\.create failed: it took more than 300 ms/],
  ])("refuses what a hook that must not fail fails on, and names it in the log: %s", async (name, words) => {
    const { exitCode, stderr } = await attempt(name);
    expect(exitCode).toBe(1);
    const requestId = /Request-ID: (\S+)\)/.exec(stderr)?.[1] ?? "none";
    const lines = (await log()).split("\n").filter((line) => line.includes(requestId));
    expect(lines.join("\n")).toMatch(words);
    await create(`after-${name}`);
  });

  it("ends a server in ERROR where a filter throws, names the filter, and builds the next", async () => {
    await attempt("failing", "--hint", "fail=1");
    const fault = await cloud.client.run("server", "show", "failing", "-f", "value", "-c", "fault");
    expect(fault).toContain("1 is kept out by BadFilter, which fails: no such aggregate");
    await create("after-failing");
  });

  it("names the filter that blocks the loop while it blocks it, and goes on after", async () => {
    await create("blocking", "--hint", "block=1");
    expect(await log()).toMatch(/"level":40.*blocked.*hostPasses.*bad-filter/);
    await create("after-blocking");
  });
});
