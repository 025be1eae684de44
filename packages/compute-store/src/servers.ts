import type { Server } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { and, desc, eq, inArray, isNull } from "drizzle-orm";
import { type FaultRow, type ServerRecord, type ServerRow, toServer, toServerRecord } from "./rows.js";
import { serverFaults, servers } from "./tables/index.js";
import { now } from "./time.js";
import { isUuid } from "./uuid.js";

/** A server that is not deleted, with its newest fault. Any text may be asked for. */
export async function findServer(database: Queryable, id: string): Promise<ServerRecord | undefined> {
  return await find(database, id, isNull(servers.deletedAt));
}

/** The same, deleted ones too. */
export async function findServerEvenDeleted(database: Queryable, id: string): Promise<ServerRecord | undefined> {
  return await find(database, id, undefined);
}

async function find(database: Queryable, id: string, condition: ReturnType<typeof isNull> | undefined) {
  if (!isUuid(id)) return undefined;
  const rows = await database
    .select()
    .from(servers)
    .where(and(eq(servers.id, id), condition));
  const [record] = await withFaults(database, rows);
  return record;
}

/** Rows as the API shows them. Only servers in error or deleted have their fault looked up: the others' is history. */
export async function withFaults(database: Queryable, rows: readonly ServerRow[]): Promise<ServerRecord[]> {
  const failed = rows.filter(({ vmState }) => vmState === "error" || vmState === "deleted").map(({ id }) => id);
  const faults = await newestFaults(database, failed);
  return rows.map((row) => toServerRecord(row, faults.get(row.id) ?? null));
}

async function newestFaults(database: Queryable, serverIds: readonly string[]): Promise<ReadonlyMap<string, FaultRow>> {
  if (serverIds.length === 0) return new Map();
  const faults = await database
    .selectDistinctOn([serverFaults.serverId])
    .from(serverFaults)
    .where(inArray(serverFaults.serverId, [...serverIds]))
    .orderBy(serverFaults.serverId, desc(serverFaults.id));
  return new Map(faults.map((fault) => [fault.serverId, fault]));
}

/** What a user may change of a server at any time. */
export interface ServerAttributes {
  readonly name?: string;
  readonly hostname?: string;
  readonly description?: string | null;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly accessIpV4?: string | null;
  readonly accessIpV6?: string | null;
  readonly diskConfig?: "AUTO" | "MANUAL";
  readonly locked?: boolean;
  readonly lockedReason?: string | null;
}

/** Undefined where there is no such server. */
export async function updateServerAttributes(
  database: Queryable,
  id: string,
  attributes: ServerAttributes,
): Promise<ServerRecord | undefined> {
  if (!isUuid(id)) return undefined;
  const rows = await database
    .update(servers)
    .set({ ...attributes, updatedAt: now })
    .where(and(eq(servers.id, id), isNull(servers.deletedAt)))
    .returning();
  const [record] = await withFaults(database, rows);
  return record;
}

/** The servers that belong on a host. */
export async function serversOfHost(database: Queryable, host: string): Promise<Server[]> {
  const rows = await database
    .select()
    .from(servers)
    .where(and(eq(servers.host, host), isNull(servers.deletedAt)));
  return rows.map(toServer);
}

/** Which of these servers are on a host, and which are not, or not any more; others there have never been. */
export async function knownServers(
  database: Queryable,
  host: string,
  ids: readonly string[],
): Promise<{ here: string[]; gone: string[] }> {
  const asked = ids.filter(isUuid);
  if (asked.length === 0) return { here: [], gone: [] };
  const rows = await database
    .select({ id: servers.id, host: servers.host, deletedAt: servers.deletedAt })
    .from(servers)
    .where(inArray(servers.id, asked));
  const isHere = (row: (typeof rows)[number]) => row.host === host && row.deletedAt === null;
  return {
    here: rows.filter(isHere).map(({ id }) => id),
    gone: rows.filter((row) => !isHere(row)).map(({ id }) => id),
  };
}
