import { createHash } from "node:crypto";
import { chmod, chown, lstat, mkdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import type { Binaries } from "./binaries.js";
import type { RunAs } from "./run-as.js";

/** The longest file that PostgreSQL makes beside a socket. */
const SOCKET_FILE = "/s/.s.PGSQL.5432.lock";
const MAX_SOCKET_PATH = process.platform === "darwin" ? 103 : 107;

/**
 * A short-lived folder of one server: its socket, since a socket's path may have 107 bytes at most, and what a process
 * that may not enter the state folder must find. It has the same name at every start and is made anew when it is gone.
 */
export interface RuntimeFolder {
  readonly path: string;
  /** Owned by whom the server runs as, mode 0700. */
  readonly socketFolder: string;
  /** Links to the shared libraries, under the names that the dynamic linker looks for. */
  readonly libraryFolder: string;
}

/**
 * Makes the folder, or takes it over from an earlier start, empty. Only call while no server runs in it.
 * In a place where everyone may write, a folder that someone else put there is refused.
 * @param owned - The state folder: two of them never share a runtime folder.
 * @throws KilonovaError `database.embeddedFailed` that names every place tried.
 */
export async function openRuntimeFolder(
  owned: string,
  runAs: RunAs,
  parents: readonly string[] = parentsFor(runAs),
): Promise<RuntimeFolder> {
  const identity = `${process.getuid?.()}\0${owned}`;
  const name = `kilonova-${createHash("sha256").update(identity).digest("hex").slice(0, 12)}`;
  const refusals: string[] = [];
  for (const parent of parents) {
    const path = join(parent, name);
    try {
      if (Buffer.byteLength(path + SOCKET_FILE) > MAX_SOCKET_PATH)
        throw new Error("the path of a socket in it would be too long");
      return await open(path, runAs);
    } catch (error) {
      refusals.push(`${path} (${messageOf(error)})`);
    }
  }
  throw new KilonovaError(
    "database.embeddedFailed",
    `No folder for PostgreSQL's socket could be made; tried ${refusals.join(", ")}. Set XDG_RUNTIME_DIR to a folder of your own with a short path.`,
  );
}

/** Makes the links of the binaries that are not in the package, which may be read-only. */
export async function linkLibraries(folder: RuntimeFolder, binaries: Binaries): Promise<void> {
  for (const [name, file] of binaries.libraryLinks) {
    const link = join(folder.libraryFolder, name);
    await rm(link, { force: true });
    await symlink(join(binaries.folder, "lib", file), link);
  }
}

export async function removeRuntimeFolder(folder: Pick<RuntimeFolder, "path">): Promise<void> {
  await rm(folder.path, { recursive: true, force: true });
}

function parentsFor(runAs: RunAs): readonly string[] {
  const ours = process.env["XDG_RUNTIME_DIR"];
  const parents: string[] = [];
  if (runAs.entersOurFolders && ours !== undefined && isAbsolute(ours)) parents.push(ours);
  if (process.platform === "linux" && process.getuid?.() === 0) parents.push("/run");
  if (runAs.entersOurFolders) parents.push(tmpdir());
  parents.push("/tmp");
  return [...new Set(parents)];
}

async function open(path: string, runAs: RunAs): Promise<RuntimeFolder> {
  await makeOurs(path);
  await chmod(path, runAs.entersOurFolders ? 0o700 : 0o711);
  const folder = { path, socketFolder: join(path, "s"), libraryFolder: join(path, "lib") };
  await rm(folder.socketFolder, { recursive: true, force: true });
  await mkdir(folder.socketFolder, { mode: 0o700 });
  await chown(folder.socketFolder, runAs.uid, runAs.gid);
  await mkdir(folder.libraryFolder, { recursive: true, mode: 0o755 });
  return folder;
}

async function makeOurs(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new Error("it belongs to someone else, or others may write in it");
  }
}
