import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, cp, lstat, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import type { Binaries } from "./binaries.js";
import { possibleRunAs, type RunAs } from "./run-as.js";
import { linkLibraries, openRuntimeFolder, type RuntimeFolder, removeRuntimeFolder } from "./runtime-folder.js";

const execute = promisify(execFile);

/** PostgreSQL's programs, known to run here, and as whom. */
export class Programs {
  constructor(
    readonly binaries: Binaries,
    readonly runAs: RunAs,
    readonly runtimeFolder: RuntimeFolder,
  ) {}

  /** Runs a program in a folder until it ends. Rejects with what it wrote to its standard error. */
  async run(program: string, args: readonly string[], cwd: string): Promise<string> {
    const { file, args: all } = this.runAs.command(join(this.binaries.folder, "bin", program), args);
    const { stdout } = await execute(file, all, { cwd, env: this.#environment(), timeout: 120_000 });
    return stdout;
  }

  /** Starts a program in a session of its own, so that a Ctrl-C at our terminal does not reach it. */
  start(program: string, args: readonly string[], cwd: string, output: number): ChildProcess {
    const { file, args: all } = this.runAs.command(join(this.binaries.folder, "bin", program), args);
    return spawn(file, all, { cwd, env: this.#environment(), detached: true, stdio: ["ignore", output, output] });
  }

  #environment(): NodeJS.ProcessEnv {
    const libraries = [this.runtimeFolder.libraryFolder, join(this.binaries.folder, "lib")].join(":");
    const variable = process.platform === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
    return { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC", [variable]: libraries };
  }
}

export interface PreparationOptions {
  /** The ways to try. Default: those that work on this machine. */
  readonly ways?: readonly RunAs[] | undefined;
  /** Where a copy of the programs may lie, best first. */
  readonly cacheParents?: readonly string[];
  readonly onProgress?: (message: string) => void;
}

/**
 * Finds a way to run PostgreSQL on this machine: as whom, and from where. Whom we run it as may not be able to reach
 * the installed programs, beneath root's home for instance; then a copy (78 MB) is made once in `/var/cache`.
 * @param owned - The state folder that the server is for; no server may run on it.
 * @throws KilonovaError `database.embeddedFailed` that tells what was tried.
 */
export async function preparePrograms(
  binaries: Binaries,
  owned: string,
  options: PreparationOptions = {},
): Promise<Programs> {
  const failures: string[] = [];
  for (const runAs of options.ways ?? (await possibleRunAs())) {
    const runtimeFolder = await openRuntimeFolder(owned, runAs);
    try {
      return await runnable(binaries, runAs, runtimeFolder);
    } catch (error) {
      failures.push(`${binaries.folder} as ${runAs.name}: ${messageOf(error).trim()}`);
    }
    if (process.getuid?.() === 0) {
      try {
        return await runnable(await copyBinaries(binaries, options), runAs, runtimeFolder);
      } catch (error) {
        failures.push(`a copy as ${runAs.name}: ${messageOf(error).trim()}`);
      }
    }
    await removeRuntimeFolder(runtimeFolder);
  }
  throw new KilonovaError("database.embeddedFailed", cannotRun(binaries, failures), { details: { failures } });
}

/** Runs one of the programs, to see that they can be reached and find their libraries. */
async function runnable(binaries: Binaries, runAs: RunAs, runtimeFolder: RuntimeFolder): Promise<Programs> {
  const programs = new Programs(binaries, runAs, runtimeFolder);
  await linkLibraries(runtimeFolder, binaries);
  await programs.run("postgres", ["--version"], runtimeFolder.path);
  return programs;
}

/** A copy that everyone may run and root alone may change. It appears whole or not at all. */
async function copyBinaries(
  binaries: Binaries,
  { cacheParents = ["/var/cache", tmpdir(), "/tmp"], onProgress }: PreparationOptions,
): Promise<Binaries> {
  const name = `kilonova-postgresql-${binaries.packageVersion}-${process.arch}`;
  const folder = await firstPlace(cacheParents, async (parent) => {
    const path = join(parent, name);
    if (await isOursAlone(path)) return path;
    onProgress?.(`copying PostgreSQL's programs to ${path}, as they lie where PostgreSQL's user may not enter`);
    const draft = await mkdtemp(`${path}.`);
    try {
      await cp(binaries.folder, draft, { recursive: true, verbatimSymlinks: true });
      await chmod(draft, 0o755);
      await rename(draft, path);
      return path;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
  return { ...binaries, folder };
}

async function firstPlace(parents: readonly string[], use: (parent: string) => Promise<string>): Promise<string> {
  let lastFailure: unknown = new Error("there is no place for it");
  for (const parent of parents) {
    try {
      return await use(parent);
    } catch (error) {
      lastFailure = error;
    }
  }
  throw lastFailure;
}

async function isOursAlone(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

function cannotRun(binaries: Binaries, failures: readonly string[]): string {
  if (failures.length > 0)
    return `PostgreSQL's programs in ${binaries.folder} do not run here: ${failures.join("; ")}.`;
  if (process.getuid?.() === 0) {
    return "PostgreSQL refuses to run as root, and neither `unshare --user` nor `setpriv --reuid` works here: run as an ordinary user, or use a PostgreSQL of your own.";
  }
  return `PostgreSQL refuses to run as uid ${process.getuid?.()}, which has no entry in /etc/passwd: run as a user that has one, or use a PostgreSQL of your own.`;
}
