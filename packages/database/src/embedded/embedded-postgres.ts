import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { escapeIdentifier } from "pg";
import { findBinaries } from "./binaries.js";
import { Cluster } from "./cluster.js";
import { type Connection, connectionUrl, withClient } from "./connection.js";
import {
  adoptPostmaster,
  endPostmaster,
  launchPostmaster,
  type Postmaster,
  superuserConnection,
} from "./postmaster.js";
import { preparePrograms } from "./programs.js";
import type { RunAs } from "./run-as.js";
import { removeRuntimeFolder } from "./runtime-folder.js";
import { ServerLog } from "./server-log.js";
import type { StateFolder } from "./state-folder.js";

/** duplicate_database, and unique_violation when another makes it in the same moment. */
const EXISTS_ALREADY = ["42P04", "23505"];

export interface EmbeddedPostgresOptions {
  /** Held by the caller from before the start until after the stop. The server's files are in `postgresql` in it. */
  readonly stateFolder: StateFolder;
  /** Told what takes a while. */
  readonly onProgress?: (message: string) => void;
  /** False loses data in a power cut, for throw-away servers only. Default true. */
  readonly fsync?: boolean;
  /** The ways to try in place of those found on this machine. */
  readonly runAs?: readonly RunAs[];
}

/**
 * A PostgreSQL of one's own, from npm, in the state folder. It listens on a unix socket alone and asks for passwords
 * there too. It runs in a session of its own: a Ctrl-C does not reach it, and it outlives a process that is killed;
 * the next start on the folder takes it over.
 */
export class EmbeddedPostgres {
  readonly #cluster: Cluster;
  readonly #postmaster: Postmaster;
  readonly #log: ServerLog;
  #stopped: Promise<void> | undefined;

  private constructor(
    cluster: Cluster,
    postmaster: Postmaster,
    log: ServerLog,
    /** True where the server already ran. */
    readonly adopted: boolean,
  ) {
    this.#cluster = cluster;
    this.#postmaster = postmaster;
    this.#log = log;
    log.keepBounded();
  }

  /**
   * Starts the server, the first time with new data, or takes over the one that an earlier process left. Resolves when
   * it takes connections. After a crash call it again: the address stays the same.
   * @throws KilonovaError `database.embeddedFailed`, `database.versionMismatch` or `state.unwritable`.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const { stateFolder, onProgress = () => undefined } = options;
    const durability = { fsync: options.fsync ?? true };
    const folder = await makeFolder(stateFolder.path);
    const log = new ServerLog(join(folder, "server.log"));
    const binaries = findBinaries();

    try {
      const found = await Cluster.find(folder, binaries);
      const running = found && (await adoptPostmaster(found));
      if (found !== undefined && running !== undefined) return new EmbeddedPostgres(found, running, log, true);

      const programs = await preparePrograms(binaries, stateFolder.path, { ways: options.runAs, onProgress });
      try {
        if (found === undefined) onProgress(`making a new PostgreSQL ${binaries.major} in ${folder}`);
        const cluster = found ?? (await Cluster.make(folder, programs, durability));
        await cluster.configure(programs, durability);
        const postmaster = await launchPostmaster(cluster, programs, log);
        return new EmbeddedPostgres(cluster, postmaster, log, false);
      } catch (error) {
        await removeRuntimeFolder(programs.runtimeFolder);
        throw error;
      }
    } catch (error) {
      throw isFileSystemError(error) ? unwritable(folder, error) : error;
    }
  }

  get pid(): number {
    return this.#postmaster.pid;
  }

  /** The folder of the socket, which is what `pg` and `psql` take for a host. */
  get socketFolder(): string {
    return this.#postmaster.socketFolder;
  }

  get port(): number {
    return this.#postmaster.port;
  }

  /** Resolves when the server has ended, by `stop` or by itself. */
  get ended(): Promise<void> {
    return this.#postmaster.ended;
  }

  /** How the superuser reaches a database, `postgres` where none is named. */
  superuser(database = "postgres"): Connection {
    return { ...superuserConnection(this.#cluster, this.socketFolder, this.port), database };
  }

  /** How a role of one's own reaches a database. */
  connection(user: string, password: string, database: string): Connection {
    return { host: this.socketFolder, port: this.port, user, password, database };
  }

  /** The superuser's address of a database. A secret. */
  url(database = "postgres"): string {
    return connectionUrl(this.superuser(database));
  }

  /** Makes the database where there is none of that name. Safe to repeat, and for several at once. */
  async ensureDatabase(name: string): Promise<void> {
    await withClient(this.superuser(), async (client) => {
      const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
      if (rowCount !== 0) return;
      await client.query(`create database ${escapeIdentifier(name)}`).catch((error: { code?: string }) => {
        if (!EXISTS_ALREADY.includes(error.code ?? "")) throw error;
      });
    });
  }

  /** Ends the server: running transactions are rolled back, everything is written. Safe to repeat. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#log.stopWatching();
    await endPostmaster(this.pid);
    await removeRuntimeFolder({ path: dirname(this.socketFolder) });
  }
}

async function makeFolder(statePath: string): Promise<string> {
  const folder = join(statePath, "postgresql");
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

function isFileSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && "errno" in error;
}

function unwritable(folder: string, cause: unknown): KilonovaError {
  return new KilonovaError(
    "state.unwritable",
    `PostgreSQL's files in ${folder} cannot be read and written (${messageOf(cause)}): give the folder and all in it to uid ${process.getuid?.()}, look for room on the disk, or name another state folder.`,
    { details: { path: folder }, cause },
  );
}
