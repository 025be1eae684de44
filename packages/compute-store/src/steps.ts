import { isDeepStrictEqual } from "node:util";
import type { Destination, Fault, Operation, OperationEvent, Server, ServerChanges } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { and, eq, inArray, sql } from "drizzle-orm";
import { countBuild } from "./failed-builds.js";
import { ownedBy, type Step } from "./leases.js";
import { toOperation, toServer } from "./rows.js";
import {
  operationEvents,
  operations,
  requestSpecs,
  serverFaults,
  serverGroupMembers,
  servers,
} from "./tables/index.js";
import { after, now } from "./time.js";
import { isUuid } from "./uuid.js";

/** Changes the server while the operation goes on. False where the operation is another's by now. */
export async function changeServer(
  database: Queryable,
  step: Step,
  changes: ServerChanges,
  events: readonly OperationEvent[],
): Promise<boolean> {
  const changed = await owned(database, step, async (transaction, { serverId }) => {
    await writeEvents(transaction, step.operationId, events);
    return await writeServer(transaction, serverId, changes);
  });
  return changed !== undefined;
}

/** How an operation ends. */
export interface OperationEnd {
  readonly changes: ServerChanges;
  /** The operation failed. */
  readonly fault: Fault | null;
  readonly events: readonly OperationEvent[];
}

/** An operation that has ended, and what the server is since. */
export interface EndedOperation {
  readonly operation: Operation;
  readonly server: Server;
  /** The operation failed. */
  readonly fault: Fault | null;
}

/**
 * Ends the operation and says what has become of the server, which is idle from then on unless the changes say
 * otherwise. False where the operation is another's by now. True again for its owner, whose answer may have been lost.
 *
 * @param onEnded called once the end is written for good, and not where it was before
 */
export async function finishOperation(
  database: Queryable,
  step: Step,
  end: OperationEnd,
  onEnded: (ended: EndedOperation) => void = () => {},
): Promise<boolean> {
  const ended = await owned(database, step, async (transaction, { serverId, node }) => {
    const [operation] = await transaction
      .update(operations)
      .set({
        state: end.fault ? "failed" : "done",
        owner: null,
        leaseUntil: null,
        lastFault: end.fault,
        finishedAt: now,
        updatedAt: now,
      })
      .where(eq(operations.id, step.operationId))
      .returning();
    if (!operation) throw new TypeError("a row that was locked must be there");
    // A server that could not be built is on no host.
    const away = end.fault && operation.action === "create" ? OFF_HOST : {};
    const server = await writeServer(transaction, serverId, { taskState: null, ...end.changes }, away);
    if (end.fault) await writeFault(transaction, serverId, end.fault, step.host);
    await writeEvents(transaction, step.operationId, end.events);
    if (operation.action === "create") await countBuild(transaction, step.host, node, end.fault);
    return { operation: toOperation(operation), server, fault: end.fault };
  });
  if (!ended) return await wasEndedSo(database, step, end.fault);
  onEnded(ended);
  return true;
}

/** One that was superseded under the same fence ended with another fault. */
async function wasEndedSo(
  database: Queryable,
  { operationId, fence, host }: Step,
  fault: Fault | null,
): Promise<boolean> {
  if (!isUuid(operationId)) return false;
  const [row] = await database
    .select({ state: operations.state, lastFault: operations.lastFault })
    .from(operations)
    .where(
      and(
        eq(operations.id, operationId),
        eq(operations.fence, fence),
        host === null ? undefined : eq(operations.host, host),
      ),
    );
  return row?.state === (fault ? "failed" : "done") && isDeepStrictEqual(row.lastFault, fault);
}

/**
 * A compute gives a build back: the server is on no host, and a conductor has the next step. False where the operation
 * is another's by now.
 */
export async function returnToConductor(
  database: Queryable,
  step: Step,
  { fault, events, takeWithin }: { fault: Fault; events: readonly OperationEvent[]; takeWithin: number },
): Promise<boolean> {
  const returned = await owned(database, step, async (transaction, { serverId, node }) => {
    const server = await writeServer(
      transaction,
      serverId,
      { vmState: "building", taskState: "scheduling", networkInfo: [] },
      OFF_HOST,
    );
    await transaction
      .update(operations)
      .set({
        stage: "conductor",
        host: null,
        state: "pending",
        owner: null,
        leaseUntil: null,
        dueAt: after(takeWithin),
        sweeps: 0,
        lastFault: fault,
        updatedAt: now,
      })
      .where(eq(operations.id, step.operationId));
    await writeEvents(transaction, step.operationId, events);
    await countBuild(transaction, step.host, node, fault);
    return server;
  });
  return returned !== undefined;
}

const OFF_HOST = { host: null, node: null } as const;

/** A build that goes to a host. */
export interface Placement {
  readonly operationId: string;
  readonly fence: number;
  readonly destination: Destination;
  readonly alternates: readonly Destination[];
  readonly event: OperationEvent;
}

/**
 * Hands builds over to the computes of their hosts, all in one transaction.
 *
 * @param takeWithin milliseconds in which the computes should take them
 * @returns the operations that went; the others are another's by now
 */
export async function placeServers(
  database: Queryable,
  placements: readonly Placement[],
  takeWithin: number,
): Promise<readonly string[]> {
  if (placements.length === 0) return [];
  const wanted = JSON.stringify(
    placements.map(({ operationId, fence, destination, alternates }) => ({
      id: operationId,
      fence,
      host: destination.host,
      node: destination.node,
      alternates,
    })),
  );
  return await database.transaction(async (transaction) => {
    const { rows } = await transaction.execute<{ id: string }>(sql`
      with wanted as (
        select * from jsonb_to_recordset(${wanted}::jsonb) as w(id uuid, fence bigint, host text, node text, alternates jsonb)
      ), owned as materialized (
        select w.*, o.server_id
        from wanted w join ${operations} o on o.id = w.id join ${servers} s on s.id = o.server_id
        where o.state = 'running' and o.stage = 'conductor' and o.fence = w.fence
        order by s.id
        for update of s, o
      ), moved as (
        update ${servers} s set host = owned.host, node = owned.node, updated_at = now()
        from owned where s.id = owned.server_id
        returning owned.id
      )
      update ${operations} o
      set stage = 'compute', host = owned.host, alternates = owned.alternates, attempt = o.attempt + 1, state = 'pending',
        owner = null, lease_until = null, due_at = ${after(takeWithin)}, sweeps = 0, updated_at = now()
      from owned join moved on moved.id = owned.id where o.id = owned.id
      returning o.id`);
    const placed = new Set(rows.map(({ id }) => id));
    const gone = placements.filter(({ operationId }) => placed.has(operationId));
    const events = gone.map(({ operationId, event }) => ({ ...event, operationId }));
    if (events.length > 0) await transaction.insert(operationEvents).values(events);
    return [...placed];
  });
}

/** Which of these steps are still their owners'. */
export async function stillOwned(database: Queryable, steps: readonly Step[]): Promise<readonly string[]> {
  if (steps.length === 0) return [];
  const fences = new Map(steps.map(({ operationId, fence }) => [operationId, fence]));
  const rows = await database
    .select({ id: operations.id, fence: operations.fence, state: operations.state })
    .from(operations)
    .where(inArray(operations.id, [...fences.keys()]));
  return rows.filter(({ id, fence, state }) => state === "running" && fences.get(id) === fence).map(({ id }) => id);
}

/** A server that somebody's operation works on, as it is when its row is locked. */
interface LockedServer {
  readonly serverId: string;
  readonly node: string | null;
}

/**
 * What the writing comes to; undefined where the operation is another's by now. Both rows are locked in the order of the
 * tables here, the server's first as everywhere, so that nobody waits in a circle; a hypervisor's row comes after them.
 */
async function owned<Written extends object>(
  database: Queryable,
  step: Step,
  write: (transaction: Queryable, server: LockedServer) => Promise<Written>,
): Promise<Written | undefined> {
  if (!isUuid(step.operationId)) return undefined;
  return await database.transaction(async (transaction) => {
    const [row] = await transaction
      .select({ serverId: servers.id, node: servers.node })
      .from(servers)
      .innerJoin(operations, eq(operations.serverId, servers.id))
      .where(ownedBy(step))
      .for("update");
    return row && (await write(transaction, row));
  });
}

async function writeServer(
  transaction: Queryable,
  serverId: string,
  { networkInfo, ...changes }: ServerChanges,
  place: { readonly host?: null; readonly node?: null } = {},
): Promise<Server> {
  const deleted = changes.vmState === "deleted";
  const [written] = await transaction
    .update(servers)
    .set({
      ...changes,
      ...place,
      ...(networkInfo ? { networkInfo } : {}),
      ...(deleted ? { terminatedAt: now, deletedAt: now } : {}),
      updatedAt: now,
    })
    .where(eq(servers.id, serverId))
    .returning();
  if (!written) throw new TypeError("a row that was locked must be there");
  if (deleted) {
    await transaction.delete(requestSpecs).where(eq(requestSpecs.serverId, serverId));
    await transaction.delete(serverGroupMembers).where(eq(serverGroupMembers.serverId, serverId));
  }
  return toServer(written);
}

async function writeFault(transaction: Queryable, serverId: string, fault: Fault, host: string | null): Promise<void> {
  await transaction.insert(serverFaults).values({ ...fault, serverId, host });
}

async function writeEvents(
  transaction: Queryable,
  operationId: string,
  events: readonly OperationEvent[],
): Promise<void> {
  if (events.length === 0) return;
  await transaction.insert(operationEvents).values(events.map((event) => ({ ...event, operationId })));
}
