import { randomBytes } from "node:crypto";
import { closeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { KilonovaError } from "@kilonova/messaging";
import type { Cluster } from "./cluster.js";
import { type Connection, withClient } from "./connection.js";
import { type PostmasterFile, readPostmasterFile, removePostmasterFile } from "./postmaster-file.js";
import { hasEndedWithin, isRunning, killStrays, sendSignal, worksInFolder } from "./process.js";
import type { Programs } from "./programs.js";
import type { ServerLog } from "./server-log.js";

const READY_WITHIN = 120_000;
const LOOK_EVERY = 10;
const WATCH_EVERY = 500;
/** What is left of a server that was killed goes by itself, soon. */
const LEFTOVERS_GONE_WITHIN = 10_000;
const LEFTOVERS = /pre-existing shared memory block|lock file "[^"]*" already exists/;

/** A running server process. */
export interface Postmaster {
  readonly pid: number;
  readonly socketFolder: string;
  readonly port: number;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
}

/**
 * The server that an earlier process left running on these data, if it answers. One that does not answer is ended;
 * a `postmaster.pid` that tells of no living server is removed.
 */
export async function adoptPostmaster(cluster: Cluster): Promise<Postmaster | undefined> {
  const { dataFolder } = cluster;
  const left = await readPostmasterFile(dataFolder);
  if (left === undefined) return undefined;
  if (!(await worksInFolder(left.pid, dataFolder))) {
    await killStrays(dataFolder);
    await removePostmasterFile(dataFolder);
    return undefined;
  }
  const ready = await waitUntilReady(dataFolder, left.pid);
  if (ready !== undefined && (await answersForData(cluster, ready))) return { ...ready, ended: watch(ready.pid) };
  await endPostmaster(left.pid);
  return undefined;
}

/**
 * Starts a server and resolves when it takes connections.
 * @throws KilonovaError `database.embeddedFailed` with the end of the server's log.
 */
export async function launchPostmaster(cluster: Cluster, programs: Programs, log: ServerLog): Promise<Postmaster> {
  const deadline = Date.now() + LEFTOVERS_GONE_WITHIN;
  for (;;) {
    const logStart = await log.size();
    const started = await spawnPostmaster(cluster, programs, log);
    if (started.postmaster !== undefined) return started.postmaster;
    const said = log.textSince(logStart);
    if (!LEFTOVERS.test(said) || Date.now() > deadline) throw startFailed(cluster, log, started.failure, said);
    await delay(100);
  }
}

/** Ends a server: open transactions are rolled back and all is written; by force when that takes too long. */
export async function endPostmaster(pid: number): Promise<void> {
  const steps = [
    ["SIGINT", 20_000],
    ["SIGQUIT", 10_000],
    ["SIGKILL", 10_000],
  ] as const;
  for (const [signal, patience] of steps) {
    sendSignal(pid, signal);
    if (await hasEndedWithin(pid, patience)) return;
  }
  throw new KilonovaError("database.embeddedFailed", `PostgreSQL, pid ${pid}, cannot be ended: end it by hand.`);
}

async function spawnPostmaster(
  { dataFolder }: Cluster,
  programs: Programs,
  log: ServerLog,
): Promise<{ readonly postmaster?: Postmaster; readonly failure: string }> {
  const output = await log.open();
  const child = programs.start("postgres", ["-D", programs.runAs.dataArgument(dataFolder)], dataFolder, output);
  closeSync(output);
  let failure = "";
  const ended = new Promise<void>((done) => {
    child.once("error", (error) => {
      failure = error.message;
      done();
    });
    child.once("exit", (code, signal) => {
      failure = `it ended with ${signal ?? `exit code ${code}`}`;
      done();
    });
  });
  child.unref();
  const { pid } = child;
  if (pid === undefined) {
    await ended;
    return { failure };
  }
  const ready = await waitUntilReady(dataFolder, pid);
  if (ready !== undefined) return { postmaster: { ...ready, ended }, failure };
  if (!(await isRunning(pid))) return { failure };
  await endPostmaster(pid);
  return { failure: `it was not ready within ${READY_WITHIN / 1000} s` };
}

/** Undefined when the process ended, or is not ready in time. */
async function waitUntilReady(dataFolder: string, pid: number): Promise<PostmasterFile | undefined> {
  const deadline = Date.now() + READY_WITHIN;
  while (Date.now() < deadline) {
    const file = await readPostmasterFile(dataFolder);
    if (file?.pid === pid && file.ready) return file;
    if (!(await isRunning(pid))) return undefined;
    await delay(LOOK_EVERY);
  }
  return undefined;
}

/** Asks what only a server on this very folder can tell: a copied folder tells of the server of the first. */
async function answersForData(cluster: Cluster, { socketFolder, port }: PostmasterFile): Promise<boolean> {
  const name = "kilonova.proof";
  const proof = randomBytes(16).toString("hex");
  await cluster.writeFile(name, proof);
  try {
    const told = await withClient(superuserConnection(cluster, socketFolder, port), (client) =>
      client.query<{ proof: string }>("select pg_read_file($1) as proof", [name]),
    );
    return told.rows[0]?.proof === proof;
  } catch {
    return false;
  } finally {
    await rm(join(cluster.dataFolder, name), { force: true });
  }
}

export function superuserConnection({ record }: Cluster, host: string, port: number): Connection {
  return { host, port, user: record.superuser, password: record.superuserPassword, database: "postgres" };
}

/** For a process that is not our child. */
async function watch(pid: number): Promise<void> {
  while (await isRunning(pid)) await delay(WATCH_EVERY, undefined, { ref: false });
}

function startFailed({ dataFolder }: Cluster, log: ServerLog, failure: string, said: string): KilonovaError {
  const words = said === "" ? "It said nothing." : `The end of ${log.path}:\n${said}`;
  return new KilonovaError(
    "database.embeddedFailed",
    `PostgreSQL did not start on ${dataFolder}: ${failure || "it ended"}. ${words}`,
    { details: { path: dataFolder, log: log.path } },
  );
}
