import { execFile } from "node:child_process";
import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);
const LOOK_EVERY = 20;

/** True while the process runs. One that has ended but that nobody has waited for does not run. */
export async function isRunning(pid: number): Promise<boolean> {
  if (!sendSignal(pid, 0)) return false;
  if (process.platform !== "linux") return true;
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  if (stat === undefined) return false;
  const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
  return state !== "Z" && state !== "X";
}

/** Sends a signal; false where there is no such process. */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Resolves to true when the process has ended, to false when it still runs after that many milliseconds. */
export async function hasEndedWithin(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (await isRunning(pid)) {
    if (Date.now() >= deadline) return false;
    await delay(LOOK_EVERY);
  }
  return true;
}

/** Whether a process is a PostgreSQL at work in that data folder: numbers are given out again. */
export async function worksInFolder(pid: number, dataFolder: string): Promise<boolean> {
  if (process.platform === "linux") {
    const [cwd, name] = await Promise.all([
      readlink(`/proc/${pid}/cwd`).catch(() => undefined),
      readFile(`/proc/${pid}/comm`, "utf8").catch(() => ""),
    ]);
    return cwd === (await realpath(dataFolder)) && name.trim() === "postgres";
  }
  const { stdout } = await execute("ps", ["-o", "command=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.includes("postgres") && stdout.includes(dataFolder);
}

/** Ends every PostgreSQL that works in the folder: what a postmaster that was killed leaves keeps its memory in use. */
export async function killStrays(dataFolder: string): Promise<void> {
  if (process.platform !== "linux") return;
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    if (!(await worksInFolder(pid, dataFolder))) continue;
    sendSignal(pid, "SIGKILL");
    await hasEndedWithin(pid, 5_000);
  }
}
