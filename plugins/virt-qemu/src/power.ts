import type { PowerState } from "@kilonova/plugin-api";
import { z } from "zod";
import type { GuestDirectory } from "./guest-directory.js";
import { findGuestProcess, type GuestProcess, killGuestProcess, waitForExit } from "./guest-process.js";
import { type QmpClient, qmpFailureReason } from "./qmp.js";

export interface GracefulOptions {
  /** How long the guest may take to go by itself, in milliseconds; 0 does not ask it. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RebootOptions {
  /** Starts the guest's process anew; called where it has gone. */
  readonly startAgain: () => Promise<unknown>;
  readonly signal?: AbortSignal | undefined;
}

const QMP_TIMEOUT_MS = 5000;
const QUIT_TIMEOUT_MS = 5000;
const TERM_GRACE_MS = 3000;

const statusSchema = z.object({ status: z.string() });

const POWER_OF_RUN_STATE: Readonly<Record<string, PowerState>> = {
  running: "running",
  shutdown: "shutdown",
  suspended: "suspended",
  "guest-panicked": "crashed",
  "internal-error": "crashed",
  "io-error": "crashed",
};

/**
 * What the guest does, as QEMU says: `shutdown` where there is no process, `pending` where it does not answer.
 * Run states of QEMU that are not in the table (paused, prelaunch, migrating, …) hold the processors still.
 */
export async function guestPower(directory: GuestDirectory, signal?: AbortSignal): Promise<PowerState> {
  const process = await findGuestProcess(directory);
  if (!process) return "shutdown";
  try {
    return await exchange(
      directory,
      signal,
      async (qmp) => POWER_OF_RUN_STATE[await runState(qmp, signal)] ?? "paused",
    );
  } catch (error) {
    const reason = qmpFailureReason(error);
    if (reason === undefined) throw error;
    // It may have ended between the two looks.
    return (await findGuestProcess(directory)) ? "pending" : "shutdown";
  }
}

/**
 * Switches the guest off: asks it by ACPI, and when it is not gone in time ends the process. Nothing happens to a guest that is off.
 *
 * @returns how it went: `guest`, it shut down by itself; `forced`, the process was ended; `wasOff`.
 * @throws KilonovaError `virt.failed` where the process cannot be ended; the signal's reason where it was aborted, and then the
 *   guest may yet go or stay.
 */
export async function powerOff(
  directory: GuestDirectory,
  { timeoutMs, signal }: GracefulOptions,
): Promise<"guest" | "forced" | "wasOff"> {
  const process = await findGuestProcess(directory);
  if (!process) return "wasOff";
  if (await askToShutDown(directory, process, { timeoutMs, signal })) return "guest";
  await quit(directory, process);
  return "forced";
}

/**
 * Reboots the guest with its consent: asks it by ACPI to shut down and starts it again. A guest that is not gone in time is reset.
 *
 * @returns `guest`, it shut down by itself and was started; `reset`, it did not.
 */
export async function softReboot(
  directory: GuestDirectory,
  options: GracefulOptions & RebootOptions,
): Promise<"guest" | "reset"> {
  const process = await findGuestProcess(directory);
  if (process && !(await askToShutDown(directory, process, options))) {
    await hardReboot(directory, options);
    return "reset";
  }
  await options.startAgain();
  return "guest";
}

/**
 * Reboots the guest without asking, as the button on the case does; a paused or crashed one runs afterwards. Where the process has
 * gone, or does not answer, it is started anew.
 */
export async function hardReboot(directory: GuestDirectory, { startAgain, signal }: RebootOptions): Promise<void> {
  const process = await findGuestProcess(directory);
  if (process) {
    try {
      await exchange(directory, signal, async (qmp) => {
        await qmp.execute("system_reset", { timeoutMs: QMP_TIMEOUT_MS, signal });
        if ((await runState(qmp, signal)) !== "running")
          await qmp.execute("cont", { timeoutMs: QMP_TIMEOUT_MS, signal });
      });
      return;
    } catch (error) {
      if (qmpFailureReason(error) === undefined) throw error;
      await killGuestProcess(process, { graceMs: TERM_GRACE_MS });
    }
  }
  await startAgain();
}

/** Holds the guest's processors. No error where they are held already. */
export async function pause(directory: GuestDirectory, signal?: AbortSignal): Promise<void> {
  await exchange(directory, signal, (qmp) => qmp.execute("stop", { timeoutMs: QMP_TIMEOUT_MS, signal }));
}

/** Lets a held guest go on. No error where it runs. */
export async function unpause(directory: GuestDirectory, signal?: AbortSignal): Promise<void> {
  await exchange(directory, signal, (qmp) => qmp.execute("cont", { timeoutMs: QMP_TIMEOUT_MS, signal }));
}

/** True when the guest shut down by itself in time. The wait holds no QMP connection: others may look at the guest meanwhile. */
async function askToShutDown(
  directory: GuestDirectory,
  process: GuestProcess,
  { timeoutMs, signal }: GracefulOptions,
): Promise<boolean> {
  if (timeoutMs === 0) return false;
  try {
    await exchange(directory, signal, async (qmp) => {
      // Held processors would never see the button.
      if ((await runState(qmp, signal)) === "paused") await qmp.execute("cont", { timeoutMs: QMP_TIMEOUT_MS, signal });
      await qmp.execute("system_powerdown", { timeoutMs: QMP_TIMEOUT_MS, signal });
    });
  } catch (error) {
    if (qmpFailureReason(error) === undefined) throw error;
    // Whoever does not answer cannot be asked; but it may not answer because it is just going.
    return waitForExit(process, { timeoutMs: 0, signal });
  }
  return waitForExit(process, { timeoutMs, signal });
}

/** Ends the process: QEMU's own way first, in which it closes its disks; by signals where it does not answer or does not go. */
async function quit(directory: GuestDirectory, process: GuestProcess): Promise<void> {
  try {
    await exchange(directory, undefined, (qmp) => qmp.execute("quit", { timeoutMs: QMP_TIMEOUT_MS }));
    if (await waitForExit(process, { timeoutMs: QUIT_TIMEOUT_MS })) return;
  } catch (error) {
    if (qmpFailureReason(error) === undefined) throw error;
  }
  await killGuestProcess(process, { graceMs: TERM_GRACE_MS });
}

async function runState(qmp: QmpClient, signal: AbortSignal | undefined): Promise<string> {
  const options = { reply: statusSchema, timeoutMs: QMP_TIMEOUT_MS, signal };
  return (await qmp.execute("query-status", options)).status;
}

async function exchange<Value>(
  directory: GuestDirectory,
  signal: AbortSignal | undefined,
  talk: (qmp: QmpClient) => Promise<Value>,
): Promise<Value> {
  const qmp = await directory.connectQmp({ timeoutMs: QMP_TIMEOUT_MS, signal });
  try {
    return await talk(qmp);
  } finally {
    qmp.close();
  }
}
