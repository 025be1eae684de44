import { TASK_STATES, VM_STATES } from "@kilonova/contracts";
import { expect, test } from "vitest";
import { serverStatus, statesOfStatus } from "./server-status.js";

test.each([
  ["active", null, "ACTIVE"],
  ["active", "powering-off", "ACTIVE"],
  ["active", "rebooting", "REBOOT"],
  ["active", "reboot_started_hard", "HARD_REBOOT"],
  ["stopped", "rebooting_hard", "SHUTOFF"],
  ["building", "scheduling", "BUILD"],
  ["error", "deleting", "ERROR"],
] as const)("a server that is %s and %s shows as %s", (vmState, taskState, status) => {
  expect(serverStatus(vmState, taskState)).toBe(status);
});

test("the states behind a status are just those that show as it", () => {
  for (const vmState of VM_STATES) {
    for (const taskState of [null, ...TASK_STATES]) {
      const status = serverStatus(vmState, taskState);
      const states = statesOfStatus(status.toLowerCase());
      expect(states?.vmState).toBe(vmState);
      if (states?.taskStates) expect(states.taskStates).toContain(taskState);
      if (states?.notTaskStates) expect(states.notTaskStates).not.toContain(taskState);
    }
  }
});

test("no state has a status that does not exist", () => {
  expect(statesOfStatus("HAPPY")).toBeUndefined();
});
