import type { Queryable } from "@kilonova/database";
import { and, eq, inArray, like, type SQL, sql } from "drizzle-orm";
import { operations } from "./tables/index.js";
import { after, now } from "./time.js";
import { isUuid } from "./uuid.js";

/** Who writes for an operation: the compute of that host, or a conductor where it is null, as the owner with that fence. */
export interface Step {
  readonly operationId: string;
  readonly fence: number;
  readonly host: string | null;
}

/** The row of an operation, as long as the step is its owner's. */
export function ownedBy({ operationId, fence, host }: Step): SQL | undefined {
  return and(
    eq(operations.id, operationId),
    eq(operations.state, "running"),
    eq(operations.fence, fence),
    eq(operations.stage, host === null ? "conductor" : "compute"),
    host === null ? undefined : eq(operations.host, host),
  );
}

/**
 * Lengthens a lease, also one that ran out while nobody took the operation. False where another has it, where it is
 * over, or where it was asked for longer ago than `deadline` milliseconds: it has had its time.
 */
export async function renewLease(database: Queryable, step: Step, lease: number, deadline: number): Promise<boolean> {
  if (!isUuid(step.operationId)) return false;
  const { rowCount } = await database
    .update(operations)
    .set({ leaseUntil: after(lease), dueAt: after(lease) })
    .where(and(ownedBy(step), sql`${operations.createdAt} > ${after(-deadline)}`));
  return rowCount === 1;
}

/** Lengthens the leases of an owner on all of these. What is being changed by somebody right now is passed over. */
export async function renewLeases(
  database: Queryable,
  owner: string,
  operationIds: readonly string[],
  lease: number,
): Promise<void> {
  if (operationIds.length === 0) return;
  const held = database
    .select({ id: operations.id })
    .from(operations)
    .where(and(inArray(operations.id, [...operationIds]), eq(operations.state, "running"), eq(operations.owner, owner)))
    .for("update", { skipLocked: true });
  await database
    .update(operations)
    .set({ leaseUntil: after(lease), dueAt: after(lease) })
    .where(inArray(operations.id, held));
}

/** Gives an operation back, for whoever takes it then to begin its step anew. Nothing happens where another has it. */
export async function giveBackLease(database: Queryable, step: Step, dueIn: number): Promise<void> {
  await database
    .update(operations)
    .set({ state: "pending", owner: null, leaseUntil: null, dueAt: after(dueIn), updatedAt: now })
    .where(ownedBy(step));
}

/**
 * Gives back what owners with this beginning of a name still have, for others to take at once. What is being changed by
 * somebody right now is passed over: its lease runs out.
 *
 * @returns how many
 */
export async function releaseLeases(database: Queryable, ownerPrefix: string): Promise<number> {
  const held = database
    .select({ id: operations.id })
    .from(operations)
    .where(and(eq(operations.state, "running"), like(operations.owner, `${escapeLike(ownerPrefix)}%`)))
    .for("update", { skipLocked: true });
  const { rowCount } = await database
    .update(operations)
    .set({ state: "pending", owner: null, leaseUntil: null, dueAt: now, updatedAt: now })
    .where(inArray(operations.id, held));
  return rowCount ?? 0;
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}
