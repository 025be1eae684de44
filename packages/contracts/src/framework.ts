import { method, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { hostName, identifier } from "./identifier.js";
import { serviceRecordSchema } from "./service-record.js";

const lockLost = z.object({ name: z.string() });
const lockName = z.string().min(1).max(255);

/**
 * The framework's own state, for processes that hold no database credentials: answered by the conductor, on its topic.
 */
export const frameworkContract = rpcContract(
  "framework",
  "1.0",
  {
    /** Answers when the conductor is there: what a process without a database waits for before it starts. */
    ping: method({ fromHost: "handler", result: z.literal("pong"), deadline: "2s" }),

    /** Makes or renews the record of a service; answers it. */
    registerService: method({
      fromHost: { argument: "host" },
      args: z.object({
        binary: z.string(),
        topic: z.string(),
        host: hostName,
        contracts: z.record(z.string(), z.string()),
      }),
      result: serviceRecordSchema,
    }),
    /** The service lives. */
    reportService: method({
      fromHost: "handler",
      args: z.object({ id: identifier }),
      refusals: { serviceNotFound: z.object({ id: identifier }) },
    }),
    removeService: method({ fromHost: "handler", args: z.object({ id: identifier }) }),
    listServices: method({
      args: z.object({ topic: z.string().nullable() }),
      result: z.array(serviceRecordSchema),
    }),

    /** A lease on a name, with a fence that is higher than any given out for it before. */
    acquireLock: method({
      fromHost: "handler",
      args: z.object({ name: lockName, holder: z.string(), lease: z.number().int().positive() }),
      result: z.object({ fence: z.number().int() }),
      refusals: { held: z.object({ name: z.string(), holder: z.string() }) },
    }),
    renewLock: method({
      fromHost: "handler",
      args: z.object({
        name: lockName,
        holder: z.string(),
        fence: z.number().int(),
        lease: z.number().int().positive(),
      }),
      refusals: { lockLost },
    }),
    releaseLock: method({
      fromHost: "handler",
      args: z.object({ name: lockName, holder: z.string(), fence: z.number().int() }),
    }),

    /** What a driver remembers on a host: small values with versions. */
    readDriverState: method({
      fromHost: { argument: "host" },
      args: z.object({ driver: z.string().max(255), host: hostName, key: z.string().max(255) }),
      result: z.object({ value: z.unknown(), version: z.number().int() }).nullable(),
    }),
    writeDriverState: method({
      fromHost: { argument: "host" },
      args: z.object({
        driver: z.string().max(255),
        host: hostName,
        key: z.string().max(255),
        value: z.unknown(),
        /** The version that was read; 0 where there was none. */
        version: z.number().int().nonnegative(),
      }),
      result: z.object({ version: z.number().int() }),
      refusals: { versionConflict: z.object({ version: z.number().int() }) },
    }),
  },
  { topic: "conductor" },
);

export type Framework = typeof frameworkContract;
