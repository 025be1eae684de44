import { z } from "zod";
import { fence, identifier } from "./identifier.js";
import { serverGroupRuleSchema } from "./server-group.js";

/** Amounts by resource class, as Placement names them: `VCPU`, `MEMORY_MB`, `DISK_GB`, `CUSTOM_…`. */
export const resourcesSchema = z.record(z.string(), z.number().int().positive());

/** What a provider has of one resource class. */
export const inventorySchema = z.object({
  total: z.number().int().nonnegative(),
  reserved: z.number().int().nonnegative(),
  minUnit: z.number().int().positive(),
  maxUnit: z.number().int().positive(),
  stepSize: z.number().int().positive(),
  /** Capacity is (total - reserved) x ratio. */
  allocationRatio: z.number().positive(),
});

export const inventoriesSchema = z.record(z.string(), inventorySchema);

/** What a consumer takes from one provider. */
export const allocationSchema = z.object({ providerId: identifier, resources: resourcesSchema });

/** What a consumer is to have from now on, in place of whatever it had. */
export const claimSchema = z.object({
  /** The server's id. */
  consumerId: identifier,
  fence,
  projectId: identifier,
  userId: identifier,
  allocations: z.array(allocationSchema),
  /** The root provider of the host that the consumer is on: what a group's policy counts by. */
  providerId: identifier.optional(),
  /** The server group that the consumer is in. A claim that would break its policy, where that is a hard one, is refused. */
  group: serverGroupRuleSchema.optional(),
  /** The consumer as its claimer last saw it: a claim on one that has changed since is refused. Null: it must be new. */
  consumerGeneration: z.number().int().nonnegative().nullable().optional(),
});

/** What came of one of many claims. What it was refused for is said as in the refusals of `claim`, null where unsaid. */
export const claimOutcomeSchema = z.object({
  ok: z.boolean(),
  refusal: z.enum(["noCapacity", "providerNotFound", "staleFence", "groupPolicy", "consumerConflict"]).nullable(),
  consumerId: identifier.nullable(),
  providerId: identifier.nullable(),
  resourceClass: z.string().nullable(),
});

/** A provider as the scheduler mirrors it. */
export const providerSchema = z.object({
  id: identifier,
  /** A compute host's root provider is named after its hypervisor. */
  name: z.string(),
  parentId: identifier.nullable(),
  /** The root of its tree: itself, where it has no parent. */
  rootId: identifier,
  /** Raised by each change of the provider or of what is taken from it. */
  generation: z.number().int().nonnegative(),
  inventories: inventoriesSchema,
  /** What is taken, by resource class. */
  used: z.record(z.string(), z.number().int().nonnegative()),
  /** How many consumers take something from it. */
  consumers: z.number().int().nonnegative(),
  traits: z.array(z.string()),
  /** The ids of the aggregates that it is in. */
  aggregates: z.array(identifier),
});

export type Resources = Readonly<z.output<typeof resourcesSchema>>;
export type Inventory = Readonly<z.output<typeof inventorySchema>>;
export type Inventories = Readonly<z.output<typeof inventoriesSchema>>;
export type Allocation = Readonly<z.output<typeof allocationSchema>>;
export type Claim = Readonly<z.output<typeof claimSchema>>;
export type ClaimOutcome = Readonly<z.output<typeof claimOutcomeSchema>>;
export type Provider = Readonly<z.output<typeof providerSchema>>;
