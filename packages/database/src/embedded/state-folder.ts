import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { access, constants, mkdir, readdir, realpath, rm } from "node:fs/promises";
import { createConnection, createServer, type Server } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { KilonovaError, messageOf } from "@kilonova/messaging";

const LOCK_FOLDER = "lock";
const MAX_SOCKET_PATH = process.platform === "darwin" ? 103 : 107;
/** Two processes that start in the same moment each see the other and step back: the tries that follow part them. */
const TRIES = 5;

/**
 * The folder in which one process keeps its state, held against every other process while this object lives.
 *
 * The hold is a listening unix socket of a name of its own in `<folder>/lock`: whoever wants the folder adds a socket,
 * then tries to connect to each of the others. The kernel answers for a living process only, so that the hold ends with
 * the process however it dies, whatever other containers or a recycled process id make of its number, and nothing that
 * is taken away by a newcomer can belong to a living one.
 */
export class StateFolder {
  readonly #claim: Claim;

  private constructor(
    /** Absolute, without symbolic links. */
    readonly path: string,
    claim: Claim,
  ) {
    this.#claim = claim;
  }

  /**
   * Makes the folder where it is missing (mode 0700, parents too) and holds it.
   * @throws KilonovaError `state.unwritable` or `state.locked`; the latter's details carry `pid`.
   */
  static async hold(folder: string): Promise<StateFolder> {
    const wanted = resolve(folder);
    const path = await prepare(wanted);
    for (let attempt = 1; ; attempt++) {
      const claim = await addClaim(path);
      const holder = await livingClaimBeside(claim);
      if (holder === undefined) return new StateFolder(path, claim);
      await claim.release();
      if (attempt === TRIES) throw heldBy(path, holder);
      await delay(20 + Math.random() * 80);
    }
  }

  /** Lets go of the folder. Safe to repeat. */
  async release(): Promise<void> {
    await this.#claim.release();
  }
}

interface Claim {
  readonly folder: string;
  readonly name: string;
  release(): Promise<void>;
}

async function prepare(wanted: string): Promise<string> {
  try {
    await mkdir(join(wanted, LOCK_FOLDER), { recursive: true, mode: 0o700 });
    await access(wanted, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(wanted);
  } catch (error) {
    throw unwritable(wanted, error);
  }
}

async function addClaim(path: string): Promise<Claim> {
  const folder = join(path, LOCK_FOLDER);
  const name = `${process.pid}-${randomBytes(6).toString("hex")}`;
  const server = createServer((socket) => socket.destroy());
  server.unref();
  try {
    await withShortPath(folder, (short) => listen(server, join(short, name)));
  } catch (error) {
    throw unwritable(path, error);
  }
  let released: Promise<void> | undefined;
  const release = async () => {
    await rm(join(folder, name), { force: true });
    await new Promise<void>((done) => server.close(() => done()));
  };
  return {
    folder,
    name,
    release: () => {
      released ??= release();
      return released;
    },
  };
}

/** The name of another claim whose process lives. Claims of the dead are removed on the way. */
async function livingClaimBeside(claim: Claim): Promise<string | undefined> {
  const others = (await readdir(claim.folder)).filter((name) => name !== claim.name);
  for (const name of others) {
    if (await withShortPath(claim.folder, (short) => answers(join(short, name)))) return name;
    await rm(join(claim.folder, name), { force: true, recursive: true });
  }
  return undefined;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once("error", fail);
    server.listen({ path }, done);
  });
}

/** True where a process listens on the socket: ECONNREFUSED and ENOENT tell of a dead one, other errors of nothing. */
function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection({ path });
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      done(!["ECONNREFUSED", "ENOENT", "ENOTSOCK"].includes(error.code ?? ""));
    });
  });
}

/** The kernel cuts the path of a socket at 107 bytes; through an open folder it is short wherever the folder lies. */
async function withShortPath<T>(folder: string, use: (short: string) => Promise<T>): Promise<T> {
  if (process.platform !== "linux") return await use(folder);
  const descriptor = openSync(folder, "r");
  try {
    return await use(`/proc/self/fd/${descriptor}`);
  } finally {
    closeSync(descriptor);
  }
}

function heldBy(path: string, claim: string): KilonovaError {
  const pid = Number.parseInt(claim, 10);
  return new KilonovaError(
    "state.locked",
    `The state folder ${path} is held by another process, pid ${pid}: stop that one first, or name another folder.`,
    { details: { path, pid } },
  );
}

function unwritable(path: string, cause: unknown): KilonovaError {
  const hint = Buffer.byteLength(path) > MAX_SOCKET_PATH - 40 && process.platform !== "linux" ? ", shorter," : "";
  return new KilonovaError(
    "state.unwritable",
    `The state folder ${path} cannot be written (${messageOf(cause)}): make it writable for ${whoWeAre()}, or name another${hint} folder.`,
    { details: { path }, cause },
  );
}

function whoWeAre(): string {
  return process.getuid === undefined ? "this user" : `uid ${process.getuid()}`;
}
