import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWorkspace } from "../../scripts/lib/workspace.mjs";
import { OutsideFolder } from "./outside-folder.js";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const plugins = readWorkspace().filter(({ path }) => path.startsWith("plugins/"));

/** Imports packages and prints what each exports. */
const IMPORTER = `
const exported = {};
for (const name of process.argv.slice(2)) exported[name] = Object.keys(await import(name));
console.log(JSON.stringify(exported));
`;

describe("our own plugins, installed one and all by npm outside the repository", () => {
  let site: OutsideFolder;
  let exported: Readonly<Record<string, readonly string[]>>;
  beforeAll(async () => {
    site = await OutsideFolder.create();
    await site.install(...plugins.map(({ name }) => name));
    const importer = await site.write("importer.mjs", IMPORTER);
    const { code, stdout, stderr } = await site.start(importer, ...plugins.map(({ name }) => name)).ended();
    if (code !== 0) throw new Error(stderr);
    exported = JSON.parse(stdout);
  });
  afterAll(() => site?.remove());

  it.each(plugins)("$name needs no link to the workspace, and exports what its manifest promises", async ({ name }) => {
    const place = await site.locate(name);
    expect(place.startsWith(site.path)).toBe(true);
    expect(place.startsWith(dirname(repository))).toBe(false);
    const { kilonova } = JSON.parse(await readFile(join(place, "package.json"), "utf8"));
    const promised = [...(kilonova.provides ?? []), ...(kilonova.hooks ?? [])].map((each) => each.export);
    expect(promised.length).toBeGreaterThan(0);
    expect(exported[name]).toEqual(expect.arrayContaining([...promised, ...(kilonova.optionGroups ?? [])]));
  });
});
