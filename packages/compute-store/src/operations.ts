import type { Operation, OperationEvent } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { and, asc, desc, eq, isNull } from "drizzle-orm";
import { type OperationRow, toOperation, toOperationEvent } from "./rows.js";
import { type OperationState, operationEvents, operations } from "./tables/index.js";
import { isUuid } from "./uuid.js";

/** An operation as the API's instance actions show it. */
export interface OperationRecord extends Operation {
  readonly state: OperationState;
  readonly message: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
}

/** What was and is done to a server, the newest first. Any text may be asked for. */
export async function operationsOfServer(database: Queryable, serverId: string): Promise<OperationRecord[]> {
  if (!isUuid(serverId)) return [];
  const rows = await database
    .select()
    .from(operations)
    .where(eq(operations.serverId, serverId))
    .orderBy(desc(operations.createdAt), desc(operations.id));
  return rows.map(toRecord);
}

/** What one request did to a server. */
export async function operationOfRequest(
  database: Queryable,
  serverId: string,
  requestId: string,
): Promise<OperationRecord | undefined> {
  if (!isUuid(serverId)) return undefined;
  const [row] = await database
    .select()
    .from(operations)
    .where(and(eq(operations.serverId, serverId), eq(operations.requestId, requestId)))
    .orderBy(desc(operations.createdAt))
    .limit(1);
  return row && toRecord(row);
}

/** The steps of an operation in their order. */
export async function eventsOfOperation(database: Queryable, operationId: string): Promise<OperationEvent[]> {
  const rows = await database
    .select()
    .from(operationEvents)
    .where(eq(operationEvents.operationId, operationId))
    .orderBy(asc(operationEvents.id));
  return rows.map(toOperationEvent);
}

/** What the compute of a host has to do, the oldest first. */
export async function operationsOfHost(database: Queryable, host: string): Promise<Operation[]> {
  const rows = await database
    .select()
    .from(operations)
    .where(and(isNull(operations.finishedAt), eq(operations.stage, "compute"), eq(operations.host, host)))
    .orderBy(asc(operations.createdAt));
  return rows.map(toOperation);
}

function toRecord(row: OperationRow): OperationRecord {
  const { state, lastFault, createdAt, updatedAt, finishedAt } = row;
  return { ...toOperation(row), state, message: lastFault?.message ?? null, createdAt, updatedAt, finishedAt };
}
