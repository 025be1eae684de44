import { method, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { fence, identifier } from "./identifier.js";
import { allocationSchema, claimSchema, inventoriesSchema, providerSchema } from "./resources.js";

const providerNotFound = z.object({ providerId: identifier });
const staleFence = z.object({ consumerId: identifier, newest: fence });

export const placementContract = rpcContract("placement", "1.0", {
  /** Makes a provider known, or changes its name; answers it as it is then. */
  ensureProvider: method({
    args: z.object({ id: identifier, name: z.string().max(255), parentId: identifier.nullable() }),
    result: providerSchema,
    refusals: { nameTaken: z.object({ name: z.string() }), parentNotFound: providerNotFound },
  }),
  /** Replaces what a provider has. What is in use may not vanish, but may come to exceed the new capacity. */
  setInventories: method({
    args: z.object({ providerId: identifier, generation: z.number().int(), inventories: inventoriesSchema }),
    result: providerSchema,
    refusals: {
      providerNotFound,
      generationConflict: z.object({ providerId: identifier, generation: z.number().int() }),
      inventoryInUse: z.object({ providerId: identifier, resourceClass: z.string() }),
    },
  }),
  /** Forgets a provider from which nothing is taken. */
  deleteProvider: method({
    args: z.object({ providerId: identifier }),
    refusals: { providerNotFound, providerInUse: z.object({ providerId: identifier, consumers: z.number().int() }) },
  }),
  /**
   * Gives each consumer just what its claim says, in one transaction: all or nothing. Safe to repeat. An empty list of
   * allocations takes everything away and leaves the fence.
   */
  claim: method({
    args: z.object({ claims: z.array(claimSchema).min(1) }),
    refusals: {
      providerNotFound,
      noCapacity: z.object({ consumerId: identifier, providerId: identifier, resourceClass: z.string() }),
      staleFence,
    },
  }),
  /** What consumers have; those that have nothing are left out. */
  allocations: method({
    args: z.object({ consumerIds: z.array(identifier).max(1000) }),
    result: z.array(z.object({ consumerId: identifier, fence, allocations: z.array(allocationSchema) })),
  }),
  /** The consumers of a provider: what a resource tracker audits. */
  consumersOf: method({
    args: z.object({ providerId: identifier }),
    result: z.array(z.object({ consumerId: identifier, fence, allocations: z.array(allocationSchema) })),
    refusals: { providerNotFound },
  }),
  /** All providers, in pages by id, each page with the sequence number at which it was true. */
  providers: method({
    args: z.object({ after: identifier.nullable(), limit: z.number().int().positive().max(1000) }),
    result: z.object({ sequence: z.number().int(), providers: z.array(providerSchema), more: z.boolean() }),
  }),
  /**
   * What changed after a sequence number: each provider that did, as it is now, and those that are gone. `reset` says
   * that the feed no longer reaches back so far: read everything again.
   */
  changes: method({
    args: z.object({ after: z.number().int(), limit: z.number().int().positive().max(1000) }),
    result: z.object({
      sequence: z.number().int(),
      providers: z.array(providerSchema),
      deleted: z.array(identifier),
      more: z.boolean(),
      reset: z.boolean(),
    }),
  }),
});

export type Placement = typeof placementContract;
