import { z } from "zod";
import { destinationSchema } from "./destination.js";
import { fence, hostName, identifier, instant } from "./identifier.js";

/** What is done to a server. The names are those of the Compute API's instance actions. */
export const OPERATION_ACTIONS = ["create", "delete", "start", "stop", "reboot"] as const;

/** What an action was asked with. */
export const operationArgsSchema = z.object({
  rebootType: z.enum(["SOFT", "HARD"]).optional(),
});

/**
 * A piece of work on one server. Its row is the work; a cast only wakes someone. Whoever takes it gets a fence and a
 * lease; when the lease runs out, or nobody took it in time, a conductor's sweep sees to it.
 */
export const operationSchema = z.object({
  id: identifier,
  serverId: identifier,
  action: z.enum(OPERATION_ACTIONS),
  /** Who has to take the next step. */
  stage: z.enum(["conductor", "compute"]),
  /** The host whose compute has to, where it is a compute. */
  host: hostName.nullable(),
  requestId: z.string(),
  projectId: identifier,
  userId: identifier,
  args: operationArgsSchema,
  /** Hosts to try next where this one cannot, best first. */
  alternates: z.array(destinationSchema),
  /** How many hosts have tried, this one included. */
  attempt: z.number().int().nonnegative(),
  fence,
});

/** A step of an operation, as `server event show` tells it. */
export const operationEventSchema = z.object({
  /** `compute_buildServer`, `conductor_schedule`, … */
  event: z.string(),
  host: hostName.nullable(),
  startedAt: instant,
  finishedAt: instant,
  result: z.enum(["Success", "Error"]),
  details: z.string().nullable(),
});

export type OperationAction = (typeof OPERATION_ACTIONS)[number];
export type Operation = Readonly<z.output<typeof operationSchema>>;
export type OperationEvent = Readonly<z.output<typeof operationEventSchema>>;
