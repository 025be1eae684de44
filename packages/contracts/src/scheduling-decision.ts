import { z } from "zod";
import { hostName, identifier, instant } from "./identifier.js";
import { requestSpecSchema, SCHEDULING_REASONS } from "./request-spec.js";
import { resourceRequestSchema } from "./resource-request.js";

/** Hosts that one plugin dropped for one reason. */
export const decisionDropSchema = z.object({
  /** Stable, kebab-case. */
  code: z.string(),
  /** As they go on after "hosts": `are disabled`. */
  words: z.string(),
  /** `not-now`: it may change by itself; `never`: not for such a request; `needs`: something has to be done, as the words say. */
  outlook: z.enum(["not-now", "never", "needs"]),
  hosts: z.number().int().positive(),
  /** Some of them. */
  sample: z.array(hostName),
});

/** What one step of the chain did. */
export const decisionStageSchema = z.object({
  /** The class, or `resources` for what placement has room for. */
  plugin: z.string(),
  kind: z.enum(["request-filter", "resources", "filter"]),
  hostsIn: z.number().int().nonnegative(),
  hostsOut: z.number().int().nonnegative(),
  milliseconds: z.number().nonnegative(),
  drops: z.array(decisionDropSchema),
});

/** A host's score, and what each weigher gave it, but for those that gave nothing: multiplier x normalised is added up. */
export const decisionScoreSchema = z.object({
  host: hostName,
  node: hostName,
  score: z.number(),
  weights: z.array(z.object({ weigher: z.string(), raw: z.number(), normalised: z.number(), multiplier: z.number() })),
});

/** One selection of the scheduler's, good or bad, with all that led to it. */
export const schedulingDecisionSchema = z.object({
  id: identifier,
  at: instant,
  /** The host of the scheduler that decided. */
  scheduler: z.string(),
  requestId: z.string(),
  reason: z.enum(SCHEDULING_REASONS),
  projectId: identifier,
  userId: identifier,
  serverIds: z.array(identifier),
  requestSpec: requestSpecSchema,
  /** Null where the request could not be read. */
  resourceRequest: resourceRequestSchema.nullable(),
  profile: z.string(),
  outcome: z.enum(["placed", "no-valid-host", "stale-fence", "failed", "dry-run"]),
  /** What the user is told; null where all is well. */
  message: z.string().nullable(),
  /** How many hosts there were. */
  hosts: z.number().int().nonnegative(),
  stages: z.array(decisionStageSchema),
  /** Milliseconds by weigher. */
  weigherTimes: z.record(z.string(), z.number()),
  /** Of the best, best first. */
  scores: z.array(decisionScoreSchema),
  selections: z.array(
    z.object({
      serverId: identifier,
      host: hostName,
      node: hostName,
      alternates: z.array(hostName),
    }),
  ),
  /** How often something was claimed, and where it was refused. */
  claims: z.object({ attempts: z.number().int(), refused: z.array(z.string()) }),
  milliseconds: z.number().nonnegative(),
  /** An equal request had just been looked at: its evaluation served for this one, too. */
  shared: z.boolean(),
  /** Names the chain that decided: the same for the same plugins, versions and weights. */
  chain: z.string(),
  /** Placement's sequence number at which the hosts were known. */
  sequence: z.number().int().nullable(),
  /** What was left out of it because it would have been too large, in words; missing where all is there. */
  trimmed: z.array(z.string()).optional(),
});

export type DecisionDrop = Readonly<z.output<typeof decisionDropSchema>>;
export type DecisionStage = Readonly<z.output<typeof decisionStageSchema>>;
export type DecisionScore = Readonly<z.output<typeof decisionScoreSchema>>;
export type SchedulingDecision = Readonly<z.output<typeof schedulingDecisionSchema>>;
