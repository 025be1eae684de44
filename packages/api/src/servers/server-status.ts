import type { TaskState, VmState } from "@kilonova/contracts";

const REBOOTING: Readonly<Record<string, string>> = {
  rebooting: "REBOOT",
  reboot_pending: "REBOOT",
  reboot_started: "REBOOT",
  rebooting_hard: "HARD_REBOOT",
  reboot_pending_hard: "HARD_REBOOT",
  reboot_started_hard: "HARD_REBOOT",
};

const STATUSES: Readonly<Record<VmState, string>> = {
  active: "ACTIVE",
  building: "BUILD",
  stopped: "SHUTOFF",
  resized: "VERIFY_RESIZE",
  paused: "PAUSED",
  suspended: "SUSPENDED",
  rescued: "RESCUE",
  error: "ERROR",
  deleted: "DELETED",
  "soft-delete": "SOFT_DELETED",
  shelved: "SHELVED",
  shelved_offloaded: "SHELVED_OFFLOADED",
};

/** The `status` of a server: what its states amount to for a user. */
export function serverStatus(vmState: VmState, taskState: TaskState): string {
  if (vmState === "active" && taskState !== null) return REBOOTING[taskState] ?? "ACTIVE";
  return STATUSES[vmState];
}

/** The states in which a server has that status, whatever is being done to it; none where there is no such status. */
export function statesOfStatus(status: string): StatesOfStatus | undefined {
  const wanted = status.toUpperCase();
  const rebooting = Object.keys(REBOOTING);
  const taskStates = rebooting.filter((task) => REBOOTING[task] === wanted) as NonNullable<TaskState>[];
  if (taskStates.length > 0) return { vmState: "active", taskStates };
  const found = (Object.keys(STATUSES) as VmState[]).find((vmState) => STATUSES[vmState] === wanted);
  if (!found) return undefined;
  return found === "active"
    ? { vmState: found, notTaskStates: rebooting as NonNullable<TaskState>[] }
    : { vmState: found };
}

/** Which servers have a status. */
export interface StatesOfStatus {
  readonly vmState: VmState;
  /** One of these, where given. */
  readonly taskStates?: readonly NonNullable<TaskState>[];
  /** None of these, where given. */
  readonly notTaskStates?: readonly NonNullable<TaskState>[];
}

/** The statuses with which `progress` is shown. */
export const PROGRESS_STATUSES: ReadonlySet<string> = new Set([
  "ACTIVE",
  "BUILD",
  "REBUILD",
  "RESIZE",
  "VERIFY_RESIZE",
  "MIGRATING",
]);

/** The statuses with which `fault` is shown. */
export const FAULT_STATUSES: ReadonlySet<string> = new Set(["ERROR", "DELETED"]);
