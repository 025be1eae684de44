import { z } from "zod";

/** What has become of a server; the values are those of the Compute API. */
export const VM_STATES = [
  "active",
  "building",
  "paused",
  "suspended",
  "stopped",
  "rescued",
  "resized",
  "soft-delete",
  "deleted",
  "error",
  "shelved",
  "shelved_offloaded",
] as const;

/** What is being done to it; null: nothing. */
export const TASK_STATES = [
  "scheduling",
  "block_device_mapping",
  "networking",
  "spawning",
  "rebooting",
  "reboot_pending",
  "reboot_started",
  "rebooting_hard",
  "reboot_pending_hard",
  "reboot_started_hard",
  "powering-off",
  "powering-on",
  "deleting",
] as const;

/** What its hypervisor says of it. The numbers are the API's. */
export const POWER_STATES = { pending: 0, running: 1, paused: 3, shutdown: 4, crashed: 6, suspended: 7 } as const;

export const vmStateSchema = z.enum(VM_STATES);
export const taskStateSchema = z.enum(TASK_STATES).nullable();
export const powerStateSchema = z.enum(["pending", "running", "paused", "shutdown", "crashed", "suspended"]);

export type VmState = z.output<typeof vmStateSchema>;
export type TaskState = z.output<typeof taskStateSchema>;
export type PowerState = z.output<typeof powerStateSchema>;
