import { method, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { computeNodeSchema } from "./compute-node.js";
import { fence, hostName, identifier, instant } from "./identifier.js";
import { networkInfoSchema } from "./network-info.js";
import { operationEventSchema, operationSchema } from "./operation.js";
import { requestSpecSchema } from "./request-spec.js";
import { serverSchema } from "./server.js";
import { powerStateSchema, taskStateSchema, vmStateSchema } from "./server-state.js";

/** The operation is another's by now, or done: stop, and destroy what was made for it. */
const stale = z.object({ operationId: identifier });

const step = { operationId: identifier, host: hostName, fence };

/** What a step may change of a server. */
export const serverChangesSchema = z.object({
  vmState: vmStateSchema.optional(),
  taskState: taskStateSchema.optional(),
  powerState: powerStateSchema.optional(),
  launchedAt: instant.optional(),
  networkInfo: networkInfoSchema.optional(),
});

export const faultSchema = z.object({
  /** As an HTTP status, the Compute API's way. */
  code: z.number().int(),
  message: z.string().max(255),
  /** For administrators. */
  details: z.string().nullable(),
});

export const conductorContract = rpcContract("conductor", "1.0", {
  /** Wakes a conductor for operations whose next step is a conductor's: find hosts and have the servers built there. */
  scheduleAndBuildServers: method({ args: z.object({ operationIds: z.array(identifier).min(1) }) }),
  /** The same, for a server that has no host. */
  deleteServer: method({ args: z.object({ operationId: identifier }) }),

  /** A compute takes an operation that is its host's to do: from now on it is the one owner, for the length of the lease. */
  takeOperation: method({
    fromHost: { argument: "host" },
    args: z.object({ operationId: identifier, host: hostName, owner: z.string() }),
    result: z.object({
      operation: operationSchema,
      server: serverSchema,
      requestSpec: requestSpecSchema.nullable(),
      networkInfo: networkInfoSchema,
      /** Milliseconds; renew before they are over. */
      lease: z.number().int().positive(),
    }),
    refusals: { notYours: stale },
    deadline: "10s",
  }),
  /** Lengthens the lease. */
  renewOperation: method({
    fromHost: { argument: "host" },
    args: z.object(step),
    refusals: { stale },
    deadline: "10s",
  }),
  /** Changes the server while the operation goes on. */
  updateServer: method({
    fromHost: { argument: "host" },
    args: z.object({ ...step, changes: serverChangesSchema, events: z.array(operationEventSchema) }),
    refusals: { stale },
    deadline: "10s",
  }),
  /** Ends the operation and says what has become of the server: one transaction. Again by the same owner: no refusal. */
  finishOperation: method({
    fromHost: { argument: "host" },
    args: z.object({
      ...step,
      changes: serverChangesSchema,
      fault: faultSchema.nullable(),
      events: z.array(operationEventSchema),
    }),
    refusals: { stale },
    deadline: "10s",
  }),
  /** This host cannot build the server and has removed all traces of it; the next alternate may try. */
  rescheduleServer: method({
    fromHost: { argument: "host" },
    args: z.object({ ...step, fault: faultSchema, events: z.array(operationEventSchema) }),
    refusals: { stale },
    deadline: "10s",
  }),

  /** What a compute that starts has to go on with. */
  operationsOfHost: method({
    fromHost: { argument: "host" },
    args: z.object({ host: hostName }),
    result: z.array(operationSchema),
  }),
  /** The servers that belong on a host, for its audit and its power sync. */
  serversOfHost: method({
    fromHost: { argument: "host" },
    args: z.object({ host: hostName }),
    result: z.array(serverSchema),
  }),
  /**
   * What a conductor knows of servers that a host has found on it. Of those that are in neither list nobody knows
   * anything: another cloud's, or the database is older than they are.
   */
  knownServers: method({
    fromHost: { argument: "host" },
    args: z.object({ host: hostName, serverIds: z.array(identifier).max(10_000) }),
    result: z.object({
      /** They are on that host. */
      here: z.array(identifier),
      /** They have been deleted, or are on another host, or on none. */
      gone: z.array(identifier),
    }),
  }),
  /** Tells what the hypervisor says of servers that nothing is being done to; others are passed over. */
  syncPowerStates: method({
    fromHost: { argument: "host" },
    args: z.object({
      host: hostName,
      servers: z.array(z.object({ serverId: identifier, vmState: vmStateSchema, powerState: powerStateSchema })),
    }),
  }),
  /** What a host has and uses. */
  saveComputeNode: method({ fromHost: "handler", args: z.object({ node: computeNodeSchema }) }),
});

export type Conductor = typeof conductorContract;
export type ServerChanges = Readonly<z.output<typeof serverChangesSchema>>;
export type Fault = Readonly<z.output<typeof faultSchema>>;
