import { randomUUID } from "node:crypto";
import type { GroupPolicy } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { type Outcome, ok, refused } from "@kilonova/messaging";
import { and, asc, count, eq, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import { serverGroupMembers, serverGroups, servers } from "./tables/index.js";
import { isUuid } from "./uuid.js";

/** A server group with its members. */
export interface ServerGroupRecord {
  readonly id: string;
  readonly projectId: string;
  readonly userId: string;
  readonly name: string;
  readonly policy: GroupPolicy;
  /** By the API's name. */
  readonly rules: { readonly max_server_per_host?: number };
  /** The ids of servers that are not deleted, the oldest first. */
  readonly members: readonly string[];
}

export type NewServerGroup = Omit<ServerGroupRecord, "id" | "members">;

/** Makes a group, which nobody else of the project does meanwhile; -1: as many as it likes. */
export async function createServerGroup(
  database: Queryable,
  group: NewServerGroup,
  limit: number,
): Promise<Outcome<ServerGroupRecord, { overQuota: { limit: number } }>> {
  return await database.transaction(async (transaction) => {
    if (limit >= 0) {
      const name = `compute.server-groups:${group.projectId}`;
      await transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
      if ((await countServerGroups(transaction, group.projectId)) >= limit) return refused("overQuota", { limit });
    }
    const made = { id: randomUUID(), ...group };
    await transaction.insert(serverGroups).values(made);
    return ok({ ...made, members: [] });
  });
}

export async function countServerGroups(database: Queryable, projectId: string): Promise<number> {
  return await database.$count(serverGroups, eq(serverGroups.projectId, projectId));
}

/** Groups of one project, or of all, the oldest first. */
export async function listServerGroups(
  database: Queryable,
  page: { readonly projectId: string | undefined; readonly limit: number; readonly offset: number },
): Promise<readonly ServerGroupRecord[]> {
  const { projectId, limit, offset } = page;
  const condition = projectId === undefined ? undefined : eq(serverGroups.projectId, projectId);
  return await select(database, condition).limit(limit).offset(offset);
}

/** Any text may be asked for. */
export async function findServerGroup(database: Queryable, id: string): Promise<ServerGroupRecord | undefined> {
  if (!isUuid(id)) return undefined;
  const [found] = await select(database, eq(serverGroups.id, id));
  return found;
}

/** False where there was none. Its members go on without. */
export async function deleteServerGroup(database: Queryable, id: string): Promise<boolean> {
  if (!isUuid(id)) return false;
  const { rowCount } = await database.delete(serverGroups).where(eq(serverGroups.id, id));
  return rowCount === 1;
}

/** The id of the group that a server is in. */
export async function groupOfServer(database: Queryable, serverId: string): Promise<string | undefined> {
  const [row] = await database
    .select({ groupId: serverGroupMembers.groupId })
    .from(serverGroupMembers)
    .where(eq(serverGroupMembers.serverId, serverId));
  return row?.groupId;
}

/** How many members of a group are on which hosts, those under way to one included. */
export async function hostsOfServerGroup(database: Queryable, id: string): Promise<ReadonlyMap<string, number>> {
  if (!isUuid(id)) return new Map();
  const rows = await database
    .select({ host: sql<string>`${servers.host}`, members: count() })
    .from(serverGroupMembers)
    .innerJoin(servers, eq(servers.id, serverGroupMembers.serverId))
    .where(and(eq(serverGroupMembers.groupId, id), isNotNull(servers.host), isNull(servers.deletedAt)))
    .groupBy(servers.host);
  return new Map(rows.map(({ host, members }) => [host, members]));
}

/** A group that new servers join, and how many members it may have; -1: as many as it likes. */
export interface JoinedGroup {
  readonly id: string;
  readonly limit: number;
}

/** There is no such group (any more). */
export type GroupNotFound = { groupNotFound: { id: string } };
/** The group has no room for so many more. */
export type GroupFull = { groupFull: { limit: number; members: number } };

/** Holds a group as it is until the transaction ends, and sees that so many more servers may join it. */
export async function roomInGroup(
  transaction: Queryable,
  { id, limit }: JoinedGroup,
  more: number,
): Promise<Outcome<void, GroupNotFound & GroupFull>> {
  if (!isUuid(id)) return refused("groupNotFound", { id });
  const locked = await transaction
    .select({ id: serverGroups.id })
    .from(serverGroups)
    .where(eq(serverGroups.id, id))
    .for("update");
  if (locked.length === 0) return refused("groupNotFound", { id });
  if (limit < 0) return ok();
  const members = await transaction.$count(serverGroupMembers, eq(serverGroupMembers.groupId, id));
  return members + more > limit ? refused("groupFull", { limit, members }) : ok();
}

/** Has servers join a group that {@link roomInGroup} holds. */
export async function joinGroup(transaction: Queryable, groupId: string, serverIds: readonly string[]): Promise<void> {
  await transaction.insert(serverGroupMembers).values(serverIds.map((serverId) => ({ serverId, groupId })));
}

function select(database: Queryable, condition: SQL | undefined) {
  return database
    .select({
      id: serverGroups.id,
      projectId: serverGroups.projectId,
      userId: serverGroups.userId,
      name: serverGroups.name,
      policy: serverGroups.policy,
      rules: serverGroups.rules,
      // Columns by their names: in the selection of one table they come without it, and would be the inner table's.
      members: sql<string[]>`coalesce(
        (select array_agg(s.id::text order by s.created_at, s.launch_index, s.id)
          from ${serverGroupMembers} m join ${servers} s on s.id = m.server_id
          where m.group_id = ${serverGroups}.id), '{}')`,
    })
    .from(serverGroups)
    .where(condition)
    .orderBy(asc(serverGroups.createdAt), asc(serverGroups.id));
}
