import type { SchedulingDecision } from "@kilonova/contracts";
import { type Token, token } from "@kilonova/plugin-api";

/** Where decisions are kept. */
export interface DecisionArchive {
  /** Never waits, never throws: what cannot be kept is counted and told of. */
  record(decision: SchedulingDecision): void;
  /** Forgets what is older than option `scheduler.decisionsKeep` says, and what there is too much of; the signal ends it early. */
  forget(signal: AbortSignal): Promise<void>;
  /** Writes what waits, for a bounded time, and takes no more. */
  close(): Promise<void>;
}

export const DECISION_ARCHIVE: Token<DecisionArchive> = token("decision-archive");
