import type { TaskState, VmState } from "@kilonova/contracts";

/** In which states an action may be asked for, and which task state it sets. */
export interface ActionRule {
  /** As error messages name it. */
  readonly action: "start" | "stop" | "reboot" | "delete";
  /** Undefined: in any. */
  readonly vmStates: readonly VmState[] | undefined;
  /** Undefined: in any. */
  readonly taskStates: readonly TaskState[] | undefined;
  /** Whether the server must have run once, and have a host. */
  readonly launched: boolean;
  readonly taskState: NonNullable<TaskState>;
}

const IDLE = [null] as const;

export const START: ActionRule = {
  action: "start",
  vmStates: ["stopped"],
  taskStates: IDLE,
  launched: true,
  taskState: "powering-on",
};

export const STOP: ActionRule = {
  action: "stop",
  vmStates: ["active", "error"],
  taskStates: IDLE,
  launched: true,
  taskState: "powering-off",
};

export const SOFT_REBOOT: ActionRule = {
  action: "reboot",
  vmStates: ["active"],
  taskStates: IDLE,
  launched: true,
  taskState: "rebooting",
};

export const HARD_REBOOT: ActionRule = {
  action: "reboot",
  vmStates: ["active", "stopped", "paused", "suspended", "error"],
  taskStates: [null, "rebooting", "reboot_pending", "reboot_started", "rebooting_hard"],
  launched: true,
  taskState: "rebooting_hard",
};

export const DELETE: ActionRule = {
  action: "delete",
  vmStates: undefined,
  taskStates: undefined,
  launched: false,
  taskState: "deleting",
};

/** What of a server decides whether an action may be asked for. */
export interface ServerStates {
  readonly id: string;
  readonly vmState: VmState;
  readonly taskState: TaskState;
  readonly host: string | null;
  readonly launchedAt: string | Date | null;
}

/** Why an action may not be asked for now, in the words that clients look for; undefined where it may. */
export function actionRefusal(rule: ActionRule, server: ServerStates): string | undefined {
  const cannot = (what: string, state: string | null) =>
    `Cannot '${rule.action}' instance ${server.id} while it is in ${what} ${state}`;
  if (rule.vmStates && !rule.vmStates.includes(server.vmState)) return cannot("vm_state", server.vmState);
  if (rule.taskStates && !rule.taskStates.includes(server.taskState)) return cannot("task_state", server.taskState);
  if (!rule.launched) return undefined;
  if (server.launchedAt === null) return `Instance ${server.id} is in an invalid state for '${rule.action}'`;
  return server.host === null ? `Instance ${server.id} is not ready` : undefined;
}
