import { randomUUID } from "node:crypto";
import type { Operation, OperationAction, TaskState, VmState } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { type Outcome, ok, refused } from "@kilonova/messaging";
import { and, eq, isNull } from "drizzle-orm";
import { type ServerRow, toOperation } from "./rows.js";
import { operations, servers } from "./tables/index.js";
import { after, now } from "./time.js";
import { isUuid } from "./uuid.js";

/** An action that is asked for on a server. */
export interface OperationRequest {
  readonly serverId: string;
  readonly action: Exclude<OperationAction, "create">;
  readonly args: Operation["args"];
  /** The states from which it may be done; absent: any. */
  readonly vmStates?: readonly VmState[];
  readonly taskStates?: readonly TaskState[];
  /** What the server's task state is from then on. */
  readonly taskState: NonNullable<TaskState>;
  readonly requestId: string;
  readonly projectId: string;
  readonly userId: string;
  /** Milliseconds in which somebody should take it before the sweep looks for one. */
  readonly takeWithin: number;
}

export type RequestedOperation = Outcome<
  Operation,
  {
    serverNotFound: { serverId: string };
    wrongState: { vmState: VmState; taskState: TaskState };
    /** It has never been on a host, or is on none any more. */
    noHost: { serverId: string };
  }
>;

/**
 * Compares and swaps a server's task state and writes the operation, for the compute of its host, or for a conductor
 * where a server without a host is to be deleted. What is still being done to the server is over: its owner is refused
 * from now on. A delete that is asked for again is the one that is under way.
 */
export async function requestOperation(database: Queryable, request: OperationRequest): Promise<RequestedOperation> {
  const { serverId } = request;
  if (!isUuid(serverId)) return refused("serverNotFound", { serverId });
  return await database.transaction(async (transaction) => {
    const [server] = await transaction
      .select()
      .from(servers)
      .where(and(eq(servers.id, serverId), isNull(servers.deletedAt)))
      .for("update");
    if (!server) return refused("serverNotFound", { serverId });
    const { vmState, taskState } = server;
    if (!allows(request, server)) return refused("wrongState", { vmState, taskState });
    if (request.action !== "delete" && server.host === null) return refused("noHost", { serverId });
    const underWay = await deleteUnderWay(transaction, request);
    return ok(underWay ?? (await write(transaction, request, server)));
  });
}

function allows({ vmStates, taskStates }: OperationRequest, { vmState, taskState }: ServerRow): boolean {
  return (vmStates?.includes(vmState) ?? true) && (taskStates?.includes(taskState) ?? true);
}

async function deleteUnderWay(
  transaction: Queryable,
  { serverId, action }: OperationRequest,
): Promise<Operation | undefined> {
  if (action !== "delete") return undefined;
  const [row] = await transaction
    .select()
    .from(operations)
    .where(and(eq(operations.serverId, serverId), eq(operations.action, "delete"), isNull(operations.finishedAt)));
  return row && toOperation(row);
}

async function write(transaction: Queryable, request: OperationRequest, server: ServerRow): Promise<Operation> {
  const { action, args, taskState, requestId, projectId, userId } = request;
  await transaction
    .update(operations)
    .set({
      state: "failed",
      owner: null,
      leaseUntil: null,
      lastFault: supersededBy(action),
      finishedAt: now,
      updatedAt: now,
    })
    .where(and(eq(operations.serverId, server.id), isNull(operations.finishedAt)));
  await transaction.update(servers).set({ taskState, updatedAt: now }).where(eq(servers.id, server.id));
  const [written] = await transaction
    .insert(operations)
    .values({
      id: randomUUID(),
      serverId: server.id,
      action,
      stage: server.host === null ? "conductor" : "compute",
      host: server.host,
      state: "pending",
      dueAt: after(request.takeWithin),
      args,
      requestId,
      projectId,
      userId,
    })
    .returning();
  if (!written) throw new TypeError("a row that was written must come back");
  return toOperation(written);
}

function supersededBy(action: OperationAction) {
  return { code: 409, message: `A ${action} was asked for before it was finished.`, details: null };
}
