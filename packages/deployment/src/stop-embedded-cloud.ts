import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Configuration } from "@kilonova/config";
import { Runtime } from "@kilonova/core";
import { EmbeddedPostgres, StateFolder } from "@kilonova/database/embedded";
import { isKilonovaError, KilonovaError, messageOf } from "@kilonova/messaging";
import { canAccess } from "./can-access.js";
import { leftoverConfiguration } from "./embedded-configuration.js";
import { countRunningGuests, shutDownGuests } from "./guests.js";
import { PLACES } from "./installed-plugins.js";

/** How long a cloud may take to drain. */
const PATIENCE = 90_000;
const POLL = 200;

export interface StopSettings {
  readonly argv?: readonly string[];
  readonly stateDirectory: string;
  /** Shut the guests down as well. */
  readonly guests: boolean;
  readonly onProgress?: (message: string) => void;
}

/**
 * `kilonova down`: tells the cloud that holds a state folder to stop, ends a PostgreSQL that was left behind, and, where
 * wanted, the guests.
 *
 * No plugin keeps it from that, nor a hook; of a virt driver that cannot be used, only what was wanted of the guests fails.
 *
 * @returns how many guests go on running; undefined where no virt driver can tell
 * @throws ConfigurationError; KilonovaError `state.unwritable` where nothing was ever started, `state.locked` when the
 *   cloud does not stop in time or may not be told to; where guests were to be shut down, what kept them from it
 */
export async function stopEmbeddedCloud(settings: StopSettings): Promise<number | undefined> {
  const { onProgress = () => {} } = settings;
  const path = resolve(settings.stateDirectory);
  // Before the folder is held: a mistake costs nothing.
  await leftoverConfiguration(path, settings);
  if (!(await canAccess(join(path, "lock")))) throw noStateFolder(path);
  const folder = await holdFrom(path, onProgress);
  try {
    if (await canAccess(join(folder.path, "postgresql", "data", "postmaster.pid"))) {
      onProgress("ending the PostgreSQL that was left behind");
      await (await EmbeddedPostgres.start({ stateFolder: folder })).stop();
    }
    const configuration = await leftoverConfiguration(folder.path, settings);
    if (settings.guests) return await withRuntime(configuration, (runtime) => shutDownGuests(runtime, onProgress));
    // The cloud is down: a virt driver that cannot be asked takes nothing from that.
    return await withRuntime(configuration, countRunningGuests).catch((error: unknown) => {
      onProgress(`the guests cannot be counted: ${messageOf(error)}`);
      return undefined;
    });
  } finally {
    await folder.release();
  }
}

async function withRuntime(configuration: Configuration, work: (runtime: Runtime) => Promise<number>): Promise<number> {
  const runtime = await Runtime.create({ configuration, places: PLACES });
  try {
    return await work(runtime);
  } finally {
    await runtime.close();
  }
}

/** Holds the folder, telling whoever has it to let go. */
async function holdFrom(path: string, onProgress: (message: string) => void): Promise<StateFolder> {
  const deadline = Date.now() + PATIENCE;
  let told: number | undefined;
  for (;;) {
    try {
      return await StateFolder.hold(path);
    } catch (error) {
      if (!isKilonovaError(error, "state.locked") || Date.now() > deadline) throw error;
      const { pid } = error.details;
      if (typeof pid !== "number") throw error;
      if (told !== pid) {
        onProgress(`telling process ${pid} to stop`);
        tellToStop(pid, path);
        told = pid;
      }
    }
    await sleep(POLL);
  }
}

/** The process may be another user's, or of another container that shares the folder. */
function tellToStop(pid: number, path: string): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (cause) {
    const words = `The cloud of ${path} is held by process ${pid}, which cannot be told to stop from here (${messageOf(cause)}): stop it where it runs, or as its user.`;
    throw new KilonovaError("state.locked", words, { details: { pid }, cause });
  }
}

function noStateFolder(path: string): KilonovaError {
  const words = `There is no state folder ${path}: nothing was ever started there. Name the folder of the cloud by --state-dir.`;
  return new KilonovaError("state.unwritable", words, { details: { path } });
}
