import { schedulerChainSchema, schedulingDecisionSchema } from "@kilonova/contracts";
import { z } from "zod";

/** What the cloud answers of one decision. */
export const decisionReply = z.object({ decision: schedulingDecisionSchema });

const listedDecision = schedulingDecisionSchema.omit({ stages: true, scores: true, requestSpec: true });

/** What it answers of many: all but what led to them. */
export const decisionsReply = z.object({ decisions: z.array(listedDecision) });

/** What it answers of the schedulers' chains. */
export const chainsReply = z.object({
  chains: z.array(schedulerChainSchema),
  /** Hosts of schedulers that are up and did not answer. */
  silent: z.array(z.string()),
  /** False where two that answered run something different. */
  agree: z.boolean(),
});

export type ListedDecision = Readonly<z.output<typeof listedDecision>>;
export type Chains = Readonly<z.output<typeof chainsReply>>;
