import { method, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { destinationSchema } from "./destination.js";
import { fence, hostName, identifier, instant } from "./identifier.js";
import { requestSpecSchema } from "./request-spec.js";
import { schedulingDecisionSchema } from "./scheduling-decision.js";

/** Where one server is to go, claimed, and where else it could. */
export const selectionSchema = z.object({
  serverId: identifier,
  destination: destinationSchema,
  /** Not claimed. */
  alternates: z.array(destinationSchema),
});

/** How many hosts one filter dropped, and why. */
export const dropSchema = z.object({ filter: z.string(), hosts: z.number().int().positive(), reason: z.string() });

/** One plugin of a chain, and how it does. */
export const chainPluginSchema = z.object({
  name: z.string(),
  kind: z.enum(["request-filter", "filter", "weigher"]),
  /** The package that it comes from, with its version; the object path where there is no package. */
  from: z.string(),
  /** Of a weigher: how much it counts where no aggregate says otherwise. */
  weight: z.number().nullable(),
  /** How many requests it was asked about, and how often it failed or took too long. */
  requests: z.number().int().nonnegative(),
  failures: z.number().int().nonnegative(),
  overruns: z.number().int().nonnegative(),
  /** Milliseconds a request, of late. */
  milliseconds: z.number().nonnegative(),
  /** Switched off for a while after it failed or was slow again and again. */
  isOpen: z.boolean(),
  /** What holds for hosts that it could not be asked about. */
  policy: z.enum(["pass", "fail"]),
});

/** The chains of one scheduler. */
export const schedulerChainSchema = z.object({
  scheduler: z.string(),
  /** The same on schedulers that run the same. */
  digest: z.string(),
  /** Since when it has been in force. */
  loadedAt: instant,
  profiles: z.array(
    z.object({
      name: z.string(),
      /** What a decision says of the chain that it was made by. */
      digest: z.string(),
      /** When the profile is that of a request: clauses, of which one has to hold. */
      chosenBy: z.array(z.string()),
      plugins: z.array(chainPluginSchema),
    }),
  ),
});

export const schedulerContract = rpcContract("scheduler", "1.1", {
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
  /** Where such servers would go now, and why not elsewhere: nothing is claimed, nothing is kept. */
  dryRun: method({
    since: "1.1",
    args: z.object({
      requestSpec: requestSpecSchema,
      servers: z.number().int().positive().max(1000),
      ignoredHosts: z.array(hostName),
    }),
    result: schedulingDecisionSchema,
    refusals: {
      /** The scheduling strategy in use cannot say. */
      notSupported: z.object({ strategy: z.string() }),
    },
    deadline: "60s",
  }),
  /** The chains that this scheduler runs at this moment. */
  chain: method({ since: "1.1", result: schedulerChainSchema, deadline: "10s" }),
  /** Services or host aggregates are no longer as they were: each scheduler reads them again at once. To be fanned out. */
  hostsChanged: method({ since: "1.1" }),
});

export type Scheduler = typeof schedulerContract;
export type Selection = Readonly<z.output<typeof selectionSchema>>;
export type Drop = Readonly<z.output<typeof dropSchema>>;
export type SchedulerChain = Readonly<z.output<typeof schedulerChainSchema>>;
export type ChainPlugin = Readonly<z.output<typeof chainPluginSchema>>;
