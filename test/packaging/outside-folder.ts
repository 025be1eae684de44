import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { offeredServer } from "#servers/offered-server.js";
import { Program } from "./program.js";

const run = promisify(execFile);

/** A folder outside the repository, where packages are installed by npm as a stranger to the repository would. */
export class OutsideFolder {
  private constructor(
    readonly path: string,
    /** Of a person who has never heard of the npm that runs the tests, and whose npm asks the registry of the run. */
    readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** An empty folder. */
  static async create(): Promise<OutsideFolder> {
    const path = await realpath(await mkdtemp(join(tmpdir(), "kilonova-outside-")));
    return new OutsideFolder(path, await outsideEnvironment());
  }

  /** A folder in it. */
  inner(name: string): OutsideFolder {
    return new OutsideFolder(join(this.path, name), this.environment);
  }

  /** `npm install` of packages, ours or others', from the registry of the test run. */
  async install(...packages: readonly string[]): Promise<void> {
    await this.npm("install", "--no-audit", "--no-fund", "--loglevel=error", ...packages);
  }

  /** Runs npm here, against the registry of the test run; gives what it printed. @throws with that when it fails */
  async npm(...args: readonly string[]): Promise<string> {
    const { stdout } = await run("npm", args, {
      cwd: this.path,
      env: this.environment,
      maxBuffer: 2 ** 26,
    });
    return stdout;
  }

  /** Writes a file, and gives its whole path. */
  async write(name: string, text: string): Promise<string> {
    const file = join(this.path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  }

  /** Starts a program of Node's in this folder. */
  start(file: string, ...args: readonly string[]): Program {
    return new Program(file, args, { cwd: this.path, env: this.environment });
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

async function outsideEnvironment(): Promise<NodeJS.ProcessEnv> {
  const leaking =
    /^npm_(package|lifecycle|command)_?|^npm_config_(local_prefix|registry)$|^INIT_CWD$|^NODE_PATH$|^VITEST/;
  const registry = await offeredServer("KILONOVA_TEST_REGISTRY_SOCKET", "http:");
  const own = Object.entries(process.env).filter(([name]) => !leaking.test(name));
  return { ...Object.fromEntries(own), npm_config_registry: registry };
}

async function findManifest(folders: readonly string[], name: string): Promise<string> {
  for (const folder of folders) {
    const manifest = join(folder, name, "package.json");
    const found = await realpath(manifest).catch(() => undefined);
    if (found !== undefined) return found;
  }
  throw new Error(`${name} is not installed`);
}
