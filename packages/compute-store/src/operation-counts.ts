import { OPERATION_ACTIONS, type OperationAction } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { count, isNull, sql } from "drizzle-orm";
import { operations } from "./tables/index.js";

/** `pending`: nobody has taken it yet. */
export const OPEN_STATES = ["pending", "running"] as const;

/** The operations of one action and state that are not over. */
export interface OperationCount {
  readonly action: OperationAction;
  readonly state: (typeof OPEN_STATES)[number];
  readonly count: number;
  /** Milliseconds since the oldest was asked for; 0 where there is none. */
  readonly oldest: number;
}

/** How many operations are not over, and how old the oldest is, for each action and state. */
export async function operationCounts(database: Queryable): Promise<readonly OperationCount[]> {
  const { action, state, createdAt } = operations;
  const rows = await database
    .select({
      action,
      state,
      count: count(),
      oldest: sql<number>`greatest(0, extract(epoch FROM now() - min(${createdAt})) * 1000)::bigint`.mapWith(Number),
    })
    .from(operations)
    .where(isNull(operations.finishedAt))
    .groupBy(action, state);
  return OPERATION_ACTIONS.flatMap((one) =>
    OPEN_STATES.map((open) => {
      const found = rows.find((row) => row.action === one && row.state === open);
      return { action: one, state: open, count: found?.count ?? 0, oldest: found?.oldest ?? 0 };
    }),
  );
}
