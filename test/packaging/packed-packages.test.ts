import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWorkspace } from "../../scripts/lib/workspace.mjs";
import { type PackedPackage, PackedPackages } from "./packed-packages.js";

const members = readWorkspace().filter(({ path }) => /^(packages|plugins|examples)\//.test(path));

let folder: string;
let packed: ReadonlyMap<string, PackedPackage>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kilonova-tarballs-"));
  const all = await new PackedPackages(folder).closure(members.map(({ name }) => name));
  packed = new Map(all.map((each) => [each.name, each]));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The files that a manifest's `exports` and `bin` promise. */
function promised(value: unknown): readonly string[] {
  if (typeof value === "string") return [posix.normalize(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(promised) : [];
}

describe.each(members)("$name, packed", ({ name, manifest }) => {
  const contents = () => packed.get(name)?.contents ?? [];

  it("has every file that it promises", () => {
    const files = [manifest["exports"], manifest["bin"]].flatMap(promised).filter((file) => !file.includes("*"));
    expect(files.length).toBeGreaterThan(0);
    expect(contents()).toEqual(expect.arrayContaining(files));
  });

  it("has no tests, no sources and no build records", () => {
    expect(contents().filter((file) => /\.test\.|\.tsbuildinfo$|^src\/.*\.ts$|\.tmp\./.test(file))).toEqual([]);
  });

  it("has the licence", () => {
    expect(contents()).toContain("LICENSE");
  });
});
