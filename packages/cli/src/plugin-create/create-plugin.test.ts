import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PLUGIN_KINDS, type PluginKind, pluginManifestSchema } from "@kilonova/plugin-api";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createPlugin, type PluginRequest } from "./create-plugin.js";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../../../../", import.meta.url));
const own = fileURLToPath(new URL("../../", import.meta.url));

async function create(kind: string, path: string, changes: Partial<PluginRequest> = {}) {
  return createPlugin({ kind, path, knownGroups: [], ...changes });
}

async function created(kind: string, path: string, changes: Partial<PluginRequest> = {}) {
  const outcome = await create(kind, path, changes);
  if ("problem" in outcome) throw new Error(outcome.problem);
  return outcome;
}

describe("a plugin that was created, of each kind", () => {
  // Where packages of the workspace are found.
  let folder: string;
  /** What the tests of all of them printed, as TAP. */
  let tested: string;

  beforeAll(async () => {
    await mkdir(join(own, "node_modules"), { recursive: true });
    folder = await mkdtemp(join(own, "node_modules/.plugin-create-"));
    for (const kind of PLUGIN_KINDS) await created(kind, join(folder, nameOf(kind)));
    // All in one program and one process: most of the time of each goes into what they import.
    const project = { extends: `./${nameOf("filter")}/tsconfig.json`, include: ["*/src"] };
    await writeFile(
      join(folder, "tsconfig.json"),
      JSON.stringify({ ...project, compilerOptions: { rootDir: ".", outDir: "dist" } }),
    );
    await run(join(repository, "node_modules/.bin/tsc"), ["--project", folder]).catch((error) => {
      throw new Error(String(error.stdout));
    });
    const imports = PLUGIN_KINDS.map((kind) => `import ${JSON.stringify(built(kind, `${nameOf(kind)}.test.js`))};`);
    const all = join(folder, "all.mjs");
    await writeFile(all, imports.join("\n"));
    const outcome = await run(process.execPath, ["--test-reporter=tap", all]).catch((error) => error);
    tested = String(outcome.stdout);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const nameOf = (kind: PluginKind) => `my-own-${kind}`;
  const classOf = (kind: PluginKind) =>
    nameOf(kind).replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
  const built = (kind: PluginKind, file: string) => join(folder, "dist", nameOf(kind), "src", file);
  const textOf = (kind: PluginKind, file: string) => readFile(join(folder, nameOf(kind), file), "utf8");

  it.each(PLUGIN_KINDS)("passes its tests: %s", async (kind) => {
    const suites = tested.split(/^# Subtest: /m).filter((part) => new RegExp(`^${classOf(kind)}\\b`).test(part));
    expect(suites).toHaveLength(2);
    for (const suite of suites) {
      expect(suite).toMatch(/^ok \d+ - /m);
      expect(suite).not.toMatch(/^\s*not ok /m);
    }
    expect((suites.join("").match(/^ {4}ok /gm) ?? []).length).toBeGreaterThan(3);
  });

  it("runs those tests by a script that a build comes before", async () => {
    const { scripts } = JSON.parse(await textOf("filter", "package.json"));
    expect(scripts).toEqual({ build: "tsc", test: "tsc && node --test dist/*.test.js", prepack: "tsc" });
  });

  it.each(PLUGIN_KINDS)("says in its manifest what it exports: %s", async (kind) => {
    const { name, kilonova } = JSON.parse(await textOf(kind, "package.json"));
    const exported = await import(built(kind, "index.js"));
    expect(name).toBe(nameOf(kind));
    const { api, provides, hooks, optionGroups } = pluginManifestSchema.parse(kilonova);
    expect(api).toMatch(/^\^\d+\.\d+\.\d+$/);
    expect([...provides, ...hooks].map((each) => each.export)).toEqual([expect.stringMatching(/^MyOwn[A-Z]/)]);
    expect(provides.map((each) => each.kind)).toEqual(kind === "hook" ? [] : [kind]);
    for (const each of [...provides, ...hooks]) expect(exported[each.export]).toBeTypeOf("function");
    for (const group of optionGroups) expect(exported[group].name).toMatch(/^myOwn[A-Z]/);
  });

  it.each(PLUGIN_KINDS)("has a README with configuration that its options accept: %s", async (kind) => {
    const readme = await textOf(kind, "README.md");
    const written = parse(/```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? "");
    const exported = await import(built(kind, "index.js"));
    const { kilonova } = JSON.parse(await textOf(kind, "package.json"));
    for (const name of kilonova.optionGroups) {
      const group = exported[name];
      expect(() => group.schema.strict().parse(written[group.name])).not.toThrow();
    }
  });

  it.each(PLUGIN_KINDS)("has nothing left of the template in it: %s", async (kind) => {
    const files = await readdir(join(folder, nameOf(kind)), { recursive: true, withFileTypes: true });
    const sources = files.filter((file) => file.isFile());
    expect(sources.length).toBeGreaterThan(6);
    for (const { parentPath, name } of sources) {
      expect(name).not.toMatch(/sample/i);
      expect(await readFile(join(parentPath, name), "utf8")).not.toMatch(/sample-?plugin|SAMPLE_/i);
    }
  });

  it("asks for the versions that this repository is built with", async () => {
    const { catalog } = parse(await readFile(join(repository, "pnpm-workspace.yaml"), "utf8"));
    const { devDependencies } = JSON.parse(await readFile(join(repository, "package.json"), "utf8"));
    expect(JSON.parse(await textOf("filter", "package.json"))).toMatchObject({
      dependencies: { zod: `^${catalog.zod}` },
      devDependencies: { typescript: catalog.typescript, "@types/node": devDependencies["@types/node"] },
    });
  });

  it("is compiled as strictly as this repository", async () => {
    const base = JSON.parse(await readFile(join(repository, "tsconfig.base.json"), "utf8")).compilerOptions;
    const { compilerOptions } = JSON.parse(await textOf("filter", "tsconfig.json"));
    const { composite, declarationMap, emitDecoratorMetadata, tsBuildInfoFile, ...expected } = base;
    expect([composite, declarationMap, emitDecoratorMetadata]).toEqual([true, true, true]);
    expect(tsBuildInfoFile).toBeDefined();
    expect(compilerOptions).toEqual({ ...expected, rootDir: "src", outDir: "dist" });
  });
});

describe("creating a plugin", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-plugin-create-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("writes a package into a folder that is missing, or empty", async () => {
    const files = [
      "package.json",
      "tsconfig.json",
      ".gitignore",
      "README.md",
      "src/gpu-filter.test.ts",
      "src/gpu-filter.ts",
      "src/index.ts",
    ];
    await mkdir(join(folder, "empty/gpu-filter"), { recursive: true });
    for (const path of ["empty/gpu-filter", "missing/as/well/gpu-filter"].map((each) => join(folder, each))) {
      const outcome = await created("filter", path);
      expect(outcome.directory).toBe(path);
      expect([...outcome.files].sort()).toEqual(files.sort());
      const there = (await readdir(path, { recursive: true })).filter((name) => name !== "src");
      expect(there.sort()).toEqual(files.sort());
      expect(outcome.configuration).toContain("filters: [ComputeFilter, GpuFilter]");
    }
  });

  it("takes a scope from the folder that it is in", async () => {
    for (const kind of ["service", "virt-driver", "network-manager"]) {
      const path = join(folder, "@acme", `${kind}-of-ours`);
      const { configuration } = await created(kind, path);
      const name = `@acme/${kind}-of-ours`;
      const textOf = (file: string) => readFile(join(path, file), "utf8");
      expect(JSON.parse(await textOf("package.json"))).toMatchObject({ name });
      expect(await textOf("README.md")).toContain(`npm install ${name}\n`);
      const source = await textOf(`src/${kind}-of-ours.ts`);
      for (const [path] of `${source}${configuration}`.matchAll(/[@/a-z-]*-of-ours#/g)) expect(path).toBe(`${name}#`);
      // What has no place for a scope: names of files and of folders, words in a database.
      expect(source.replaceAll(`${name}#`, "")).not.toContain("@acme");
    }
  });

  it("says of it what it was told, whatever is in that", async () => {
    const description = 'Keeps "dear" hosts $& free.';
    await created("filter", join(folder, "gpu-filter"), { description });
    const { description: written } = JSON.parse(await readFile(join(folder, "gpu-filter/package.json"), "utf8"));
    expect(written).toBe('Keeps "dear" hosts $& free');
    expect(await readFile(join(folder, "gpu-filter/README.md"), "utf8")).toContain(`\n${description}\n`);
  });

  it.each([
    [
      "filtr",
      "gpu",
      /^there is no kind of plugin "filtr"\. Did you mean filter\? The kinds are transport, request-filter, filter, /,
    ],
    ["nonsense", "gpu", /^there is no kind of plugin "nonsense"\. The kinds are /],
    ["filter", "GpuFilter", /^"GpuFilter" cannot be the name of a package: expected lower-case letters/],
    ["filter", "gpu filter", /cannot be the name of a package/],
    ["filter", "gpu--filter", /cannot be the name of a package/],
    ["filter", "7-gpus", /cannot be the name of a package/],
    ["filter", "_gpu", /cannot be the name of a package/],
    ["filter", "http", /^"http" cannot be the name of a package: Node.js uses it itself$/],
    ["filter", "g".repeat(215), /longer than the 214 letters/],
    ["filter", "host-filter", /would give the name HostFilter to two things: choose another, such as my-host-filter$/],
    ["filter", "compute-filter", /would give the name ComputeFilter to two things/],
    ["filter", "scheduler", /^there is a group of options scheduler already/],
    ["filter", "index", /^"index" would give the name src\/index\.ts to two things: choose another, such as my-index$/],
    ["transport", "index", /would give the name src\/index\.ts to two things/],
    ["transport", "frames", /would give the name src\/frames\.ts to two things/],
    ["service", "contract", /would give the name src\/contract\.ts to two things/],
    ["filter", "gpu.test", /^"gpu\.test" cannot be the name .* neither \.d nor \.test at the end$/],
    ["filter", "gpu.d", /^"gpu\.d" cannot be the name of a package/],
    ["filter", "kilonova", /^"kilonova" cannot be the name of a package of yours: it is one of Kilonova's own$/],
    ["filter", "create-kilonova", /it is one of Kilonova's own$/],
    ["filter", "@kilonova/filters-gpu", /it is one of Kilonova's own$/],
    ["filter", "@Acme/gpu", /^"@Acme" cannot be the scope of a package: expected an @, then lower-case letters/],
    ["filter", "@acme/Gpu", /^"@acme\/Gpu" cannot be the name of a package: expected lower-case letters/],
  ])("refuses %s %s and writes nothing", async (kind, name, problem) => {
    const outcome = await create(kind, join(folder, name), { knownGroups: ["scheduler"] });
    expect(outcome).toEqual({ problem: expect.stringMatching(problem) });
    expect(await readdir(folder)).toEqual([]);
  });

  it("refuses a folder that is not empty, and a file, and leaves them as they are", async () => {
    await mkdir(join(folder, "full"));
    await writeFile(join(folder, "full/notes.txt"), "mine");
    await writeFile(join(folder, "file"), "mine");
    expect(await create("filter", join(folder, "full"))).toEqual({ problem: `${join(folder, "full")} is not empty` });
    expect(await create("filter", join(folder, "file"))).toEqual({
      problem: `${join(folder, "file")} is not a folder`,
    });
    expect(await readdir(join(folder, "full"))).toEqual(["notes.txt"]);
  });
});
