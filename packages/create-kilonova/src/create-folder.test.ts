import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { CreateError, createFolder } from "./create-folder.js";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "create-kilonova-"));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

it("makes a folder with a configuration and a package.json that asks for the release it came with", async () => {
  const path = await createFolder(join(parent, "My Cloud"), "1.2.3");
  expect((await readdir(path)).sort()).toEqual([".gitignore", "README.md", "kilonova.config.yaml", "package.json"]);
  expect(JSON.parse(await readFile(join(path, "package.json"), "utf8"))).toMatchObject({
    name: "my-cloud",
    private: true,
    dependencies: { kilonova: "^1.2.3" },
  });
});

it("uses a folder that is there, and leaves what else is in it", async () => {
  const path = join(parent, "cloud");
  await mkdir(path);
  await writeFile(join(path, "notes.txt"), "mine");
  await createFolder(path, "1.2.3");
  expect(await readFile(join(path, "notes.txt"), "utf8")).toBe("mine");
});

it("writes nothing over what is there, and says what that is", async () => {
  const path = join(parent, "cloud");
  await mkdir(path);
  await writeFile(join(path, "package.json"), "{}");
  await expect(createFolder(path, "1.2.3")).rejects.toThrow(
    new CreateError(`${path} has package.json already; name another folder.`),
  );
  expect(await readdir(path)).toEqual(["package.json"]);
});

it.each(["node_modules", "node_modules/cloud"])("makes none in %s, where npm would remove it", async (name) => {
  await expect(createFolder(join(parent, name), "1.2.3")).rejects.toThrow(/is npm's own.*name another folder/);
  expect(await readdir(parent)).toEqual([]);
});

it("says why a folder cannot be made", async () => {
  await writeFile(join(parent, "file"), "");
  await expect(createFolder(join(parent, "file", "cloud"), "1.2.3")).rejects.toThrow("cannot be written: ENOTDIR");
});
