import { TASK_STATES, type TaskState, VM_STATES, type VmState } from "@kilonova/contracts";
import { expect, test } from "vitest";
import { actionRefusal, DELETE, HARD_REBOOT, SOFT_REBOOT, START, STOP } from "./action-rules.js";

const ID = "0c7a1b3e-8f6e-4f0e-9d1c-2b3a4c5d6e7f";

function server(vmState: VmState, taskState: TaskState) {
  return { id: ID, vmState, taskState, host: "host-1", launchedAt: "2026-01-01T00:00:00.000Z" };
}

const TASKS: readonly TaskState[] = [null, ...TASK_STATES];

test.each([
  [START, ["stopped"], [null]],
  [STOP, ["active", "error"], [null]],
  [SOFT_REBOOT, ["active"], [null]],
  [
    HARD_REBOOT,
    ["active", "stopped", "paused", "suspended", "error"],
    [null, "rebooting", "reboot_pending", "reboot_started", "rebooting_hard"],
  ],
  [DELETE, VM_STATES, TASKS],
])("$action sets $taskState in just the states that allow it", (rule, vmStates, taskStates) => {
  for (const vmState of VM_STATES) {
    for (const taskState of TASKS) {
      const allowed =
        (vmStates as readonly VmState[]).includes(vmState) && (taskStates as readonly TaskState[]).includes(taskState);
      expect(actionRefusal(rule, server(vmState, taskState)) === undefined).toBe(allowed);
    }
  }
});

test("a refusal says in which state the server is", () => {
  expect(actionRefusal(START, server("active", null))).toBe(
    `Cannot 'start' instance ${ID} while it is in vm_state active`,
  );
  expect(actionRefusal(STOP, server("active", "powering-off"))).toBe(
    `Cannot 'stop' instance ${ID} while it is in task_state powering-off`,
  );
});

test("what never ran can be deleted, and nothing else", () => {
  const unborn = { ...server("error", null), launchedAt: null, host: null };
  expect(actionRefusal(STOP, unborn)).toBe(`Instance ${ID} is in an invalid state for 'stop'`);
  expect(actionRefusal(DELETE, unborn)).toBeUndefined();
});
