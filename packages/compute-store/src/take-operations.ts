import type { Fault, NetworkInfo, Operation, RequestSpec, Server } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { eq, inArray, type SQL, sql } from "drizzle-orm";
import { toOperation, toServer } from "./rows.js";
import { operations, requestSpecs, servers } from "./tables/index.js";
import { after } from "./time.js";
import { isUuid } from "./uuid.js";

/** Who takes operations, and for how long. */
export interface Taker {
  /** Unique to one life of a process. */
  readonly owner: string;
  /** Milliseconds */
  readonly lease: number;
}

/** An operation with a new owner, and all that the owner needs. */
export interface TakenOperation {
  readonly operation: Operation;
  readonly server: Server;
  readonly networkInfo: NetworkInfo;
  /** Null once the server is no longer being made. */
  readonly requestSpec: RequestSpec | null;
  /** What went wrong with it last, where something did. */
  readonly lastFault: Fault | null;
}

const NOBODY_HAS_IT = sql`(o.state = 'pending' or o.lease_until <= now())`;

/** Takes those of the operations that are a conductor's to do and that nobody has. */
export async function takeForConductor(
  database: Queryable,
  taker: Taker,
  operationIds: readonly string[],
): Promise<TakenOperation[]> {
  return await take(database, taker, operationIds, sql`o.stage = 'conductor' and ${NOBODY_HAS_IT}`, "conductor");
}

/**
 * Takes an operation for the compute of its host. A host has one compute: where another owner there still has a lease,
 * that process is gone, and the new one need not wait.
 */
export async function takeForCompute(
  database: Queryable,
  taker: Taker,
  operationId: string,
  host: string,
): Promise<TakenOperation | undefined> {
  const free = sql`(${NOBODY_HAS_IT} or o.owner <> ${taker.owner})`;
  const condition = sql`o.stage = 'compute' and o.host = ${host} and ${free}`;
  const [taken] = await take(database, taker, [operationId], condition, "compute");
  return taken;
}

/** Takes operations away from computes that don't do them, for a conductor to go on with. Who has a lease keeps it. */
export async function takeFromCompute(
  database: Queryable,
  taker: Taker,
  operationIds: readonly string[],
): Promise<TakenOperation[]> {
  return await take(database, taker, operationIds, sql`o.stage = 'compute' and ${NOBODY_HAS_IT}`, "conductor");
}

/**
 * One statement for all: rows are locked in the order of the servers and looked at again as they are then; each that is
 * taken gets the next fence of its server.
 */
async function take(
  database: Queryable,
  { owner, lease }: Taker,
  operationIds: readonly string[],
  condition: SQL,
  stage: Operation["stage"],
): Promise<TakenOperation[]> {
  const asked = operationIds.filter(isUuid);
  if (asked.length === 0) return [];
  const { rows } = await database.execute<{ id: string; fence: string }>(sql`
    with free as materialized (
      select o.id, o.server_id
      from ${operations} o join ${servers} s on s.id = o.server_id
      where o.id = any(${sql.param(asked)}::uuid[]) and o.finished_at is null and ${condition}
      order by s.id
      for update of s, o
    ), fenced as (
      update ${servers} s set fence = s.fence + 1
      from free where s.id = free.server_id
      returning free.id as operation_id, s.fence
    )
    update ${operations} o
    set state = 'running', stage = ${stage}, owner = ${owner}, fence = fenced.fence, sweeps = 0,
      lease_until = ${after(lease)}, due_at = ${after(lease)}, updated_at = now()
    from fenced where o.id = fenced.operation_id
    returning o.id, o.fence`);
  return await readTaken(database, new Map(rows.map(({ id, fence }) => [id, Number(fence)])));
}

async function readTaken(database: Queryable, fences: ReadonlyMap<string, number>): Promise<TakenOperation[]> {
  if (fences.size === 0) return [];
  const rows = await database
    .select({ operation: operations, server: servers, spec: requestSpecs.spec })
    .from(operations)
    .innerJoin(servers, eq(servers.id, operations.serverId))
    .leftJoin(requestSpecs, eq(requestSpecs.serverId, operations.serverId))
    .where(inArray(operations.id, [...fences.keys()]))
    .orderBy(servers.launchIndex, servers.id);
  // One that was superseded, or taken by somebody else, in between is not ours any more.
  const ours = rows.filter(({ operation: { id, state, fence } }) => state === "running" && fence === fences.get(id));
  return ours.map(({ operation, server, spec }) => ({
    operation: toOperation(operation),
    server: toServer(server),
    networkInfo: server.networkInfo,
    requestSpec: spec,
    lastFault: operation.lastFault,
  }));
}
