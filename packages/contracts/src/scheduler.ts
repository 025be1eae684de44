import { method, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { destinationSchema } from "./destination.js";
import { fence, hostName, identifier } from "./identifier.js";
import { requestSpecSchema } from "./request-spec.js";

/** Where one server is to go, claimed, and where else it could. */
export const selectionSchema = z.object({
  serverId: identifier,
  destination: destinationSchema,
  /** Not claimed. */
  alternates: z.array(destinationSchema),
});

/** How many hosts one filter dropped, and why. */
export const dropSchema = z.object({ filter: z.string(), hosts: z.number().int().positive(), reason: z.string() });

export const schedulerContract = rpcContract("scheduler", "1.0", {
  /**
   * A host for each of the servers, all of which the spec describes; all or none. What is answered has been claimed at
   * placement under the servers' fences.
   */
  selectDestinations: method({
    args: z.object({
      requestSpec: requestSpecSchema,
      servers: z.array(z.object({ serverId: identifier, fence })).min(1),
      /** How many alternates each is to get. */
      alternates: z.number().int().nonnegative(),
      ignoredHosts: z.array(hostName),
    }),
    result: z.array(selectionSchema),
    refusals: {
      /** One sentence for the user; the counts for whoever wants to know. */
      noValidHost: z.object({ reason: z.string(), hosts: z.number().int(), drops: z.array(dropSchema) }),
      /** A newer owner has taken the operation over. */
      staleFence: z.object({ serverId: identifier }),
    },
    deadline: "60s",
    long: true,
  }),
});

export type Scheduler = typeof schedulerContract;
export type Selection = Readonly<z.output<typeof selectionSchema>>;
export type Drop = Readonly<z.output<typeof dropSchema>>;
