import { method, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { fence, identifier } from "./identifier.js";
import { allocationSchema, claimOutcomeSchema, claimSchema, inventoriesSchema, providerSchema } from "./resources.js";

const providerNotFound = z.object({ providerId: identifier });
const generationConflict = z.object({ providerId: identifier, generation: z.number().int() });
const staleFence = z.object({ consumerId: identifier, newest: fence });

export const placementContract = rpcContract("placement", "1.1", {
  /** Makes a provider known, or changes its name; answers it as it is then. */
  ensureProvider: method({
    fromHost: "handler",
    args: z.object({ id: identifier, name: z.string().max(255), parentId: identifier.nullable() }),
    result: providerSchema,
    refusals: { nameTaken: z.object({ name: z.string() }), parentNotFound: providerNotFound },
  }),
  /** Replaces what a provider has. What is in use may not vanish, but may come to exceed the new capacity. */
  setInventories: method({
    fromHost: "handler",
    args: z.object({ providerId: identifier, generation: z.number().int(), inventories: inventoriesSchema }),
    result: providerSchema,
    refusals: {
      providerNotFound,
      generationConflict,
      inventoryInUse: z.object({ providerId: identifier, resourceClass: z.string() }),
      /** Neither a standard resource class nor `CUSTOM_…`. */
      badResourceClass: z.object({ resourceClass: z.string() }),
      /** What is wrong with it, in words: more reserved than there is, or a largest unit below the least. */
      badInventory: z.object({ resourceClass: z.string(), problem: z.string() }),
    },
  }),
  /** Replaces a provider's traits. Names are standard ones (`HW_CPU_X86_AVX2`) or `CUSTOM_…`. */
  setTraits: method({
    fromHost: "handler",
    since: "1.1",
    args: z.object({
      providerId: identifier,
      generation: z.number().int(),
      traits: z.array(z.string().max(255)).max(1000),
    }),
    result: providerSchema,
    refusals: { providerNotFound, generationConflict, badTrait: z.object({ trait: z.string() }) },
  }),
  /** Replaces the aggregates that a provider is in. */
  setAggregates: method({
    since: "1.1",
    args: z.object({ providerId: identifier, generation: z.number().int(), aggregates: z.array(identifier).max(1000) }),
    result: providerSchema,
    refusals: { providerNotFound, generationConflict },
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
    fromHost: "handler",
    args: z.object({ claims: z.array(claimSchema).min(1) }),
    refusals: {
      providerNotFound,
      noCapacity: z.object({ consumerId: identifier, providerId: identifier, resourceClass: z.string() }),
      staleFence,
      /** The consumer's server group does not allow it on that host, as its members are now. */
      groupPolicy: z.object({ consumerId: identifier, groupId: identifier, providerId: identifier }),
      consumerConflict: z.object({ consumerId: identifier, generation: z.number().int() }),
    },
  }),
  /**
   * Many claims that have nothing to do with one another, with one commit for all: each inner list is all or nothing by
   * itself, judged in its order as if it came alone, and one that is refused hinders no other. Cheaper by far than as many
   * calls of `claim`. A consumer may be named once.
   */
  claimEach: method({
    since: "1.1",
    args: z.object({ claims: z.array(z.array(claimSchema).min(1)).min(1).max(200) }),
    result: z.array(claimOutcomeSchema),
  }),
  /** Where consumers are: those with these ids, and those that were claimed for a group. Who has nothing is left out. */
  consumers: method({
    since: "1.1",
    args: z.object({ consumerIds: z.array(identifier).max(1000), groupId: identifier.nullable() }),
    result: z.array(
      z.object({
        consumerId: identifier,
        /** The root provider of its host; null where its claim did not say. */
        providerId: identifier.nullable(),
        groupId: identifier.nullable(),
        generation: z.number().int().nonnegative(),
      }),
    ),
  }),
  /** What consumers have; those that have nothing are left out. */
  allocations: method({
    args: z.object({ consumerIds: z.array(identifier).max(1000) }),
    result: z.array(z.object({ consumerId: identifier, fence, allocations: z.array(allocationSchema) })),
  }),
  /** The consumers of a provider: what a resource tracker audits. */
  consumersOf: method({
    fromHost: "handler",
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
