import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readdir, readFile, stat } from "node:fs/promises";
import { KilonovaError } from "@kilonova/plugin-api";
import { poll } from "./deadline.js";
import type { GuestDirectory } from "./guest-directory.js";
import { qmpFailureReason } from "./qmp.js";

/**
 * A QEMU process that was found to be a guest's. The start time goes along because the kernel gives process ids again: a pid
 * alone is never trusted.
 */
export interface GuestProcess {
  readonly pid: number;
  /** The kernel's, in clock ticks since boot. */
  readonly startTime: string;
}

export interface StartOptions {
  /** The QEMU to start, a path or a name on the PATH. */
  readonly binary: string;
  readonly args: readonly string[];
  /** Milliseconds until QMP must answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const POLL_MS = 20;
const LOG_TAIL_BYTES = 2000;

/**
 * Starts QEMU for a guest and returns once it answers over QMP. The process stands in a session of its own and outlives this
 * one. A guest that runs already is returned as it is.
 *
 * @throws KilonovaError `virt.failed` with QEMU's own words where it ends at once, or does not answer in time; it is gone then.
 */
export async function startGuestProcess(directory: GuestDirectory, options: StartOptions): Promise<GuestProcess> {
  options.signal?.throwIfAborted();
  const running = await findGuestProcess(directory);
  if (running) return running;

  const child = await launch(directory, options);
  try {
    await answering(child, directory, options);
  } catch (error) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    throw error;
  }
  child.unref();
  const found = child.pid === undefined ? undefined : await identify(child.pid, directory);
  if (found) return found;
  throw new KilonovaError("virt.failed", `QEMU ended just after its start: ${await logTail(directory)}`);
}

/** The guest's process, whoever started it; undefined where it does not run. */
export async function findGuestProcess(directory: GuestDirectory): Promise<GuestProcess | undefined> {
  const noted = Number(await readFile(directory.pidFilePath, "utf8").catch(() => ""));
  const byFile = noted > 0 ? await identify(noted, directory) : undefined;
  if (byFile) return byFile;
  // QEMU writes the file a moment after it was started: whoever died in that moment left a guest without one.
  for (const entry of await readdir("/proc")) {
    const found = /^\d+$/.test(entry) ? await identify(Number(entry), directory) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** Whether that very process, not another with its id, still runs. One that only waits to be reaped does not. */
export async function isRunning({ pid, startTime }: GuestProcess): Promise<boolean> {
  return (await startTimeOf(pid)) === startTime;
}

/** Waits for the end of the process. False when it still runs after that time. */
export async function waitForExit(
  guest: GuestProcess,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
  const ended = await poll(async () => ((await isRunning(guest)) ? undefined : true), { everyMs: POLL_MS, ...options });
  return ended === true;
}

/**
 * Ends the process: by SIGTERM, on which QEMU closes its disks, and by SIGKILL when it is not gone within the grace time.
 * Nothing happens where it is gone already.
 *
 * @throws KilonovaError `virt.failed` where even SIGKILL does not end it (a process that hangs in the kernel).
 */
export async function killGuestProcess(guest: GuestProcess, { graceMs }: { readonly graceMs: number }): Promise<void> {
  if (!(await sendSignal(guest, "SIGTERM"))) return;
  if (await waitForExit(guest, { timeoutMs: graceMs })) return;
  if (!(await sendSignal(guest, "SIGKILL"))) return;
  if (await waitForExit(guest, { timeoutMs: 10_000 })) return;
  throw new KilonovaError("virt.failed", `process ${guest.pid} does not end, not even by SIGKILL`);
}

async function sendSignal(guest: GuestProcess, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isRunning(guest))) return false;
  try {
    return process.kill(guest.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** The process of that id, if its arguments are those of this guest and it is a process of our own user. */
async function identify(pid: number, directory: GuestDirectory): Promise<GuestProcess | undefined> {
  const startTime = await startTimeOf(pid);
  if (startTime === undefined) return undefined;
  const args = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
  if (args[args.indexOf("-uuid") + 1] !== directory.id) return undefined;
  if (args[args.indexOf("-pidfile") + 1] !== directory.pidFilePath) return undefined;
  const owner = await stat(`/proc/${pid}`).catch(() => undefined);
  return owner?.uid === process.getuid?.() ? { pid, startTime } : undefined;
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the program's name in brackets, and may hold blanks and brackets itself.
  const [state, ...fields] = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return state === "Z" || state === "X" ? undefined : fields[18];
}

/** The started process; "spawn" and "error" come in the next tick, so nothing may be awaited before they are. */
async function launch(directory: GuestDirectory, { binary, args }: StartOptions): Promise<ChildProcess> {
  const log = await open(directory.qemuLogPath, "w", 0o600);
  try {
    const child = spawn(binary, args, {
      cwd: directory.path,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      // Nothing of this process's environment: it may hold secrets.
      env: { PATH: process.env["PATH"] ?? "", LANG: "C", HOME: directory.path },
    });
    await once(child, "spawn");
    return child;
  } catch (cause) {
    const advice = "is QEMU (qemu-system-x86) installed?";
    throw new KilonovaError("virt.failed", `${binary} cannot be started; ${advice}`, { cause });
  } finally {
    await log.close();
  }
}

async function answering(child: ChildProcess, directory: GuestDirectory, options: StartOptions): Promise<void> {
  const answered = await poll(
    async () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        const ending = child.signalCode ?? `code ${child.exitCode}`;
        throw new KilonovaError("virt.failed", `QEMU ended at once (${ending}): ${await logTail(directory)}`);
      }
      try {
        (await directory.connectQmp({ timeoutMs: options.timeoutMs, signal: options.signal })).close();
        return true;
      } catch (error) {
        const reason = qmpFailureReason(error);
        if (reason === "unreachable" || reason === "closed") return undefined;
        throw error;
      }
    },
    { everyMs: POLL_MS, timeoutMs: options.timeoutMs, signal: options.signal },
  );
  if (answered) return;
  throw new KilonovaError("virt.failed", `QEMU did not answer over QMP within ${options.timeoutMs} ms`);
}

async function logTail(directory: GuestDirectory): Promise<string> {
  const text = await readFile(directory.qemuLogPath, "utf8").catch(() => "");
  return text.slice(-LOG_TAIL_BYTES).trim() || "it said nothing";
}
