import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PackedPackage, PackedPackages } from "#servers/packed-packages.js";
import { readWorkspace } from "../../scripts/lib/workspace.mjs";

const members = readWorkspace().filter(({ path }) => /^(packages|plugins|examples)\//.test(path));

let folder: string;
let packed: ReadonlyMap<string, PackedPackage>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kilonova-tarballs-"));
  const all = await new PackedPackages(folder).closure(members.map(({ name }) => name));
  packed = new Map(all.map((each) => [each.name, each]));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Packages are ESM alone: how CommonJS and the resolution of before 2020 see them is no matter. */
const OTHER_RESOLUTIONS = ["node10", "node16-cjs"];

async function tarball(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(packed.get(name)?.file ?? ""));
}

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
    // What `kilonova plugin create` writes from has tests in it.
    const files = contents().filter((file) => !file.startsWith("templates/"));
    expect(files.filter((file) => /\.test\.|\.tsbuildinfo$|^src\/.*\.ts$|\.tmp\./.test(file))).toEqual([]);
  });

  it("has the licence", () => {
    expect(contents()).toContain("LICENSE");
  });

  it("is what publint expects of a package", async () => {
    const { messages, pkg } = await publint({ pack: { tarball: (await tarball(name)).buffer } });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it("has types that every importer finds, and finds right", async () => {
    const checked = await checkPackage(createPackageFromTarballData(await tarball(name)));
    if (!checked.types) return expect(manifest).not.toHaveProperty(["exports", "."]);
    const problems = checked.problems.filter(
      (problem) => !("resolutionKind" in problem && OTHER_RESOLUTIONS.includes(problem.resolutionKind)),
    );
    expect(problems).toEqual([]);
  });
});
