import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { PackedPackages } from "./packed-packages.js";

const run = promisify(execFile);

/** A folder outside the repository, where packages are installed by npm as a stranger to the repository would. */
export class OutsideFolder {
  private constructor(
    readonly path: string,
    private readonly packages: PackedPackages,
  ) {}

  /** An empty folder. */
  static async create(packages: PackedPackages): Promise<OutsideFolder> {
    return new OutsideFolder(await realpath(await mkdtemp(join(tmpdir(), "kilonova-outside-"))), packages);
  }

  /**
   * `npm install` of packages of ours, from their tarballs; those that they need come along, since none is published.
   * What is others' comes from npm's cache, or from the registry.
   */
  async install(...names: readonly string[]): Promise<void> {
    const packed = await this.packages.closure(names);
    const dependencies = Object.fromEntries(packed.map(({ name, file }) => [name, `file:${file}`]));
    await this.write(
      "package.json",
      JSON.stringify({ name: "outside", version: "1.0.0", private: true, dependencies }),
    );
    await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: this.path,
      env: outsideEnvironment(),
      maxBuffer: 2 ** 26,
    });
  }

  /** Writes a file, and gives its whole path. */
  async write(name: string, text: string): Promise<string> {
    const file = join(this.path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  }

  /** The command of a package installed here. */
  command(name: string): string {
    return join(this.path, "node_modules", ".bin", name);
  }

  /**
   * Where a package really is, as an installed package would find it.
   *
   * @param from the installed package that asks; the folder itself where none is named
   */
  async locate(name: string, from?: string): Promise<string> {
    const place = from === undefined ? this.path : join(this.path, "node_modules", from);
    const manifest = findManifest(createRequire(join(place, "from-here.js")).resolve.paths(name) ?? [], name);
    return dirname(await realpath(await manifest));
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The environment of a person who has never heard of the npm that runs the tests. */
export function outsideEnvironment(): NodeJS.ProcessEnv {
  const leaking = /^npm_(package|lifecycle|command)_?|^npm_config_local_prefix$|^INIT_CWD$|^NODE_PATH$|^VITEST/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !leaking.test(name)));
}

async function findManifest(folders: readonly string[], name: string): Promise<string> {
  for (const folder of folders) {
    const manifest = join(folder, name, "package.json");
    const found = await realpath(manifest).catch(() => undefined);
    if (found !== undefined) return found;
  }
  throw new Error(`${name} is not installed`);
}
