import { z } from "zod";
import { hostName, identifier } from "./identifier.js";
import { operationSchema } from "./operation.js";
import { serviceRecordSchema } from "./service-record.js";

/** A service, and whether it lives. */
export const serviceStatusSchema = serviceRecordSchema
  .pick({ binary: true, topic: true, host: true, disabled: true, disabledReason: true, forcedDown: true })
  .extend({
    up: z.boolean(),
    /** The version of its topic's contract that it serves; null: it serves none of that name. */
    version: z.string().nullable(),
    /** Milliseconds since it last reported; null: it never did. */
    silentFor: serviceRecordSchema.shape.silentFor,
  });

/** Work on a server that is not over. */
export const openOperationSchema = operationSchema
  .pick({ id: true, serverId: true, action: true, stage: true, requestId: true, attempt: true })
  .extend({
    /** `pending` waits for somebody to take it, `running` has somebody who works on it. */
    state: z.enum(["pending", "running"]),
    host: hostName.nullable(),
    projectId: identifier,
    /** Milliseconds since it was asked for, by the database's clock. */
    age: z.number().int().nonnegative(),
  });

/** How a cloud is: what an administrator asks first. */
export const cloudStatusSchema = z.object({
  services: z.array(serviceStatusSchema),
  /** How many operations are not over, and the oldest of them. */
  openOperations: z.number().int().nonnegative(),
  operations: z.array(openOperationSchema),
});

export type ServiceStatus = Readonly<z.output<typeof serviceStatusSchema>>;
export type OpenOperation = Readonly<z.output<typeof openOperationSchema>>;
export type CloudStatus = Readonly<z.output<typeof cloudStatusSchema>>;
