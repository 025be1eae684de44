import { z } from "zod";
import { identifier } from "./identifier.js";
import { resourcesSchema } from "./resources.js";

/**
 * A group of what is asked for. Without a suffix it may be spread over the providers of one tree and those that share
 * with it; with one it comes from one provider alone (Placement, granular resource requests).
 */
export const requestGroupSchema = z.object({
  /** Empty for the group that may be spread. */
  suffix: z.string().max(64),
  resources: resourcesSchema,
  /** Of each list one trait at least. */
  required: z.array(z.array(z.string()).min(1)),
  forbidden: z.array(z.string()),
  /** Of each list one aggregate at least that the provider is in. */
  memberOf: z.array(z.array(identifier)),
  /** Aggregates that it must not be in. */
  notMemberOf: z.array(identifier),
  /** The tree with this provider, or none. */
  inTree: identifier.nullable(),
});

/** What is asked of the providers of one host. Traits by their full names. */
export const resourceRequestSchema = z.object({
  groups: z.array(requestGroupSchema).max(100),
  /** `isolate`: groups with a suffix come from different providers. Null where there is nothing to tell apart. */
  groupPolicy: z.enum(["none", "isolate"]).nullable(),
  rootRequired: z.array(z.string()),
  rootForbidden: z.array(z.string()),
  /** Of each list of suffixes, one group's provider is above the others', or the same. */
  sameSubtree: z.array(z.array(z.string())),
});

export type RequestGroup = Readonly<z.output<typeof requestGroupSchema>>;
export type ResourceRequest = Readonly<z.output<typeof resourceRequestSchema>>;
