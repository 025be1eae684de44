import { faultSchema, flavorSchema, type OperationAction, serverSchema } from "@kilonova/contracts";
import { z } from "zod";
import { type NotificationType, notificationType } from "./notification.js";

/** What is told of a server: neither user data nor metadata, which may hold secrets. */
const serverFacts = serverSchema
  .pick({
    id: true,
    name: true,
    hostname: true,
    projectId: true,
    userId: true,
    vmState: true,
    powerState: true,
    host: true,
    availabilityZone: true,
    imageId: true,
    createdAt: true,
    launchedAt: true,
  })
  .extend({ flavor: flavorSchema.omit({ extraSpecs: true }) });

const endPayload = z.object({ operationId: z.string(), server: serverFacts });
const errorPayload = z.object({ ...endPayload.shape, fault: faultSchema.omit({ details: true }) });

/** How an operation on a server ends: one of the two is told, once, by the conductor that has written it down. */
export interface InstanceNotifications {
  readonly end: NotificationType<typeof endPayload>;
  readonly error: NotificationType<typeof errorPayload>;
}

function instanceNotifications(eventType: string, end: string, error: string): InstanceNotifications {
  return {
    end: notificationType(`${eventType}.end`, { version: "1.0", payload: endPayload, description: end }),
    error: notificationType(`${eventType}.error`, { version: "1.0", payload: errorPayload, description: error }),
  };
}

/**
 * By what was done. An operation that a newer one overtakes, a build by a delete say, ends with nothing told: what is told is
 * how the newer one ends.
 */
export const INSTANCE_NOTIFICATIONS: Readonly<Record<OperationAction, InstanceNotifications>> = {
  create: instanceNotifications(
    "instance.create",
    "A server has been built, and runs.",
    "A server could not be built; it is in error.",
  ),
  delete: instanceNotifications(
    "instance.delete",
    "A server has been deleted.",
    "A server could not be deleted; it is in error, unless a hook would not have it.",
  ),
  start: instanceNotifications(
    "instance.power_on",
    "A server has been started.",
    "A server could not be started; it is as it was.",
  ),
  stop: instanceNotifications(
    "instance.power_off",
    "A server has been stopped.",
    "A server could not be stopped; it is as it was.",
  ),
  reboot: instanceNotifications(
    "instance.reboot",
    "A server has been rebooted.",
    "A server could not be rebooted; it is as it was.",
  ),
};

/** Each failed RPC method, but those of contract `notifications`. What a contract declares as a refusal is no failure. */
export const rpcError = notificationType("rpc.error", {
  version: "1.0",
  payload: z.object({
    contract: z.string(),
    method: z.string(),
    /** From the one table of error codes. */
    code: z.string(),
    message: z.string(),
  }),
  description: "An RPC method failed.",
});

/** Each plugin that a process goes on without though it counts as degraded so: once, when it is found out. */
export const serviceDegraded = notificationType("service.degraded", {
  version: "1.0",
  payload: z.object({
    /** The name of its package, or the file that an object path names. */
    plugin: z.string(),
    /** A sentence that says what is wrong with it. */
    problem: z.string(),
  }),
  description:
    "A process goes on without a plugin that could not be started, as option `plugins.start` has it; told as an error.",
});

/** What the cloud itself tells. */
export const CLOUD_NOTIFICATIONS: readonly NotificationType[] = [
  rpcError,
  serviceDegraded,
  ...Object.values(INSTANCE_NOTIFICATIONS).flatMap(({ end, error }) => [end, error]),
];
