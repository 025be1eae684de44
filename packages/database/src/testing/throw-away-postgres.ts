import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedPostgres, StateFolder } from "../embedded/index.js";
import { createTestDatabase, type TestDatabase } from "./test-database.js";

/**
 * Waits until whoever started it is gone or closes the pipe, then ends the server of the state folder in $1 and removes
 * that folder and the server's runtime folder, which the fifth line of postmaster.pid tells.
 */
const GUARD = `
cat >/dev/null
file="$1/postgresql/data/postmaster.pid"
pid=$(sed -n 1p "$file" 2>/dev/null)
socket=$(sed -n 5p "$file" 2>/dev/null)
tries=0
while [ -n "$pid" ] && [ "$tries" -lt 100 ] && kill -QUIT "$pid" 2>/dev/null; do sleep 0.1; tries=$((tries + 1)); done
case "$socket" in */kilonova-*/s) rm -rf "\${socket%/s}" ;; esac
rm -rf "$1"
`;

/** A PostgreSQL for tests, in a temporary folder, which forgets everything. */
export interface ThrowAwayPostgres {
  /** The superuser's address of the database `postgres`. */
  readonly url: string;
  /** Of the server process, whose children are its backends. Another one after a crash. */
  readonly pid: number;
  /** A fresh, empty database of a name of its own. */
  createDatabase(): Promise<TestDatabase>;
  /**
   * Ends the server at once, as kill -9 does, and starts it again at the same address. Only with `fsync` is all there that
   * was committed: without, the last commits may be gone.
   */
  crash(): Promise<void>;
  /** Ends the server and removes all that it had. Safe to repeat. */
  stop(): Promise<void>;
}

/**
 * Starts one in under a second. It ends with the calling process too, however that dies.
 *
 * @param durability with `fsync`, commits wait for the disk, as in a cloud whose speed is measured
 */
export async function startThrowAwayPostgres({ fsync = false } = {}): Promise<ThrowAwayPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "kilonova-postgresql-"));
  const guard = spawn("sh", ["-c", GUARD, "sh", folder], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard.unref();
  try {
    const stateFolder = await StateFolder.hold(folder);
    let server = await EmbeddedPostgres.start({ stateFolder, fsync });
    const stop = async () => {
      await server.stop();
      await stateFolder.release();
      await dismiss(guard);
    };
    let stopped: Promise<void> | undefined;
    return {
      url: server.url(),
      get pid() {
        return server.pid;
      },
      createDatabase: () => createTestDatabase(server.url()),
      crash: async () => {
        process.kill(server.pid, "SIGKILL");
        await server.ended;
        server = await EmbeddedPostgres.start({ stateFolder, fsync });
      },
      stop: () => {
        stopped ??= stop();
        return stopped;
      },
    };
  } catch (error) {
    await dismiss(guard);
    throw error;
  }
}

async function dismiss(guard: ChildProcess): Promise<void> {
  if (guard.exitCode !== null || guard.signalCode !== null) return;
  guard.ref();
  const ended = once(guard, "exit");
  guard.stdin?.end();
  await ended;
}
