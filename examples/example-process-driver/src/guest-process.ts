import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { addAbortSignal, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { KilonovaError, messageOf } from "@kilonova/plugin-api";
import type { Guest, GuestFolder } from "./guest-folder.js";
import { NAMESPACES } from "./namespaces.js";

const INIT = fileURLToPath(new URL("../guest/init.sh", import.meta.url));

/** Milliseconds */
const START_TIME = 10_000;
const KILL_TIME = 10_000;
const LOOK_EVERY = 20;

/** A process for certain: its id alone is not enough, for the kernel gives ids again. */
export type ProcessIdentity = NonNullable<Guest["process"]>;

export interface StartSettings {
  readonly unshare: string;
  readonly lines: readonly string[];
  readonly signal: AbortSignal;
}

// #region start
/**
 * Starts a guest's process and resolves when it is up. It stands in a session of its own and outlives this process. It
 * is written down before it is told to run: whoever dies in between leaves one that ends by itself.
 *
 * @throws KilonovaError `virt.failed` with the words that it left on the console; it is gone then
 */
export async function startGuest(folder: GuestFolder, guest: Guest, settings: StartSettings): Promise<void> {
  settings.signal.throwIfAborted();
  const console = await open(folder.console, "a", 0o600);
  const { size } = await console.stat();
  const child = launch(guest, console, settings);
  try {
    await once(child, "spawn");
    const startTime = child.pid === undefined ? undefined : await startTimeOf(child.pid);
    if (child.pid === undefined || startTime === undefined) throw new Error("it ended at once");
    await folder.write({ ...guest, process: { pid: child.pid, startTime } });
    await toldToRun(child, AbortSignal.any([settings.signal, AbortSignal.timeout(START_TIME)]));
  } catch (cause) {
    child.kill("SIGKILL");
    settings.signal.throwIfAborted();
    const words = (await folder.readConsole(size)).trim() || messageOf(cause);
    throw new KilonovaError("virt.failed", `the guest did not start: ${words}`, { cause });
  } finally {
    for (const stream of child.stdio) stream?.destroy();
    child.unref();
    await console.close();
  }
}
// #endregion

/** Asks the guest to end. False where it still runs after so many milliseconds. */
export async function askToEnd(process: ProcessIdentity, timeout: number, signal: AbortSignal): Promise<boolean> {
  await send(process, "SIGTERM");
  return hasEnded(process, timeout, signal);
}

/** @throws KilonovaError `virt.failed` where it does not end even so (a process that hangs in the kernel) */
export async function kill(process: ProcessIdentity): Promise<void> {
  await send(process, "SIGKILL");
  if (await hasEnded(process, KILL_TIME)) return;
  throw new KilonovaError("virt.failed", `process ${process.pid} does not end, not even by SIGKILL`);
}

/** "spawn" and "error" come in the next tick: nothing may be awaited before they are. */
function launch({ hostname }: Guest, { fd }: FileHandle, { unshare, lines }: StartSettings): ChildProcess {
  return spawn(unshare, [...NAMESPACES, "--", "/bin/sh", INIT, hostname, ...lines], {
    detached: true,
    stdio: ["pipe", fd, fd, "pipe"],
    // Nothing of this process's environment: it may hold secrets.
    env: { PATH: process.env["PATH"] ?? "", LANG: "C" },
  });
}

async function toldToRun(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const [input, , , report] = child.stdio;
  if (!input || !(report instanceof Readable)) throw new Error("it has no pipes");
  // Whoever ended does not read; that it ended is told by the other pipe.
  input.on("error", () => {});
  input.end("run\n");
  for await (const _up of addAbortSignal(signal, report)) return;
  throw new Error("it ended at once");
}

/** To all of the guest's processes: they are one group, and its leader holds their namespaces. */
async function send(guest: ProcessIdentity, signal: NodeJS.Signals): Promise<void> {
  if (!(await isRunning(guest))) return;
  try {
    process.kill(-guest.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The process may be the child of another that is long gone, so no event tells of its end. */
async function hasEnded(process: ProcessIdentity, timeout: number, signal?: AbortSignal): Promise<boolean> {
  for (const end = Date.now() + timeout; await isRunning(process); ) {
    if (Date.now() >= end) return false;
    await sleep(LOOK_EVERY, undefined, signal ? { signal } : {});
  }
  return true;
}

// #region identity
/** True while that very process runs, not another with its id. One that only waits to be reaped does not. */
export async function isRunning(process: ProcessIdentity | undefined): Promise<boolean> {
  return process !== undefined && (await startTimeOf(process.pid)) === process.startTime;
}

/** In clock ticks since boot; undefined for a process that has ended. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the program's name in brackets, and may hold blanks and brackets itself.
  const [state, ...fields] = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return state === "Z" || state === "X" ? undefined : fields[18];
}
// #endregion
