import type { HostAggregate } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { type Outcome, ok, refused } from "@kilonova/messaging";
import { and, asc, eq, inArray, isNull, ne, type SQL, sql } from "drizzle-orm";
import { ZONE_KEY } from "./availability-zones.js";
import { aggregateHosts, aggregates, servers } from "./tables/index.js";
import { now } from "./time.js";

/** A host aggregate with its hosts, by name. */
export interface AggregateRecord extends HostAggregate {
  readonly hosts: readonly string[];
  readonly createdAt: string;
  /** Null until something of it is changed; its hosts don't count. */
  readonly updatedAt: string | null;
}

export interface NewAggregate {
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What becomes of an aggregate; what is not named stays. */
export interface AggregateChanges {
  readonly name?: string;
  /** Keys to set; those that are null go. */
  readonly metadata?: Readonly<Record<string, string | null>>;
}

type NotFound = { notFound: { id: number } };
type NameTaken = { nameTaken: { name: string } };
/** Hosts of the aggregate are in these zones already. */
type OtherZones = { otherZones: { zones: readonly string[] } };
/** So many servers would be in another zone than before. */
type ServersMove = { serversMove: { servers: number; from: string; to: string } };

/** All aggregates with their hosts, by id. */
export async function listHostAggregates(database: Queryable): Promise<readonly AggregateRecord[]> {
  return await select(database, undefined);
}

export async function findAggregate(database: Queryable, id: number): Promise<AggregateRecord | undefined> {
  const [found] = await select(database, eq(aggregates.id, id));
  return found;
}

/** Makes an aggregate without hosts. */
export async function createAggregate(
  database: Queryable,
  { name, metadata }: NewAggregate,
): Promise<Outcome<AggregateRecord, NameTaken>> {
  const [made] = await database
    .insert(aggregates)
    .values({ name, metadata: { ...metadata } })
    .onConflictDoNothing()
    .returning();
  return made ? ok({ ...made, hosts: [] }) : refused("nameTaken", { name });
}

/**
 * Changes name and metadata, both or neither. A zone cannot be taken away, and becomes another only while no server is
 * on the aggregate's hosts and none of them is in another zone.
 */
export async function updateAggregate(
  database: Queryable,
  id: number,
  changes: AggregateChanges,
): Promise<
  Outcome<AggregateRecord, NotFound & NameTaken & OtherZones & { noZone: { name: string }; hostsHaveServers: object }>
> {
  return await alone(database, async (transaction) => {
    const found = await findAggregate(transaction, id);
    if (!found) return refused("notFound", { id });
    const { name = found.name, metadata = {} } = changes;
    const taken = and(eq(aggregates.name, name), ne(aggregates.id, id));
    if ((await transaction.$count(aggregates, taken)) > 0) return refused("nameTaken", { name });
    const zone = metadata[ZONE_KEY];
    if (zone === null || zone === "") return refused("noZone", { name });
    if (zone !== undefined) {
      const zones = await otherZones(transaction, id, zone, found.hosts);
      if (zones.length > 0) return refused("otherZones", { zones });
      const isNew = found.metadata[ZONE_KEY] !== zone;
      if (isNew && (await countServersOn(transaction, found.hosts)) > 0) return refused("hostsHaveServers", {});
    }
    const [row] = await transaction
      .update(aggregates)
      .set({ name, metadata: merged(found.metadata, metadata), updatedAt: now })
      .where(eq(aggregates.id, id))
      .returning();
    if (!row) throw new TypeError("a row that was found under the lock must be there");
    return ok({ ...row, hosts: found.hosts });
  });
}

/** Deletes an aggregate that has no hosts. */
export async function deleteAggregate(
  database: Queryable,
  id: number,
): Promise<Outcome<void, NotFound & { hasHosts: object }>> {
  return await alone(database, async (transaction) => {
    const found = await findAggregate(transaction, id);
    if (!found) return refused("notFound", { id });
    if (found.hosts.length > 0) return refused("hasHosts", {});
    await transaction.delete(aggregates).where(eq(aggregates.id, id));
    return ok();
  });
}

/**
 * Adds a host. It is in one zone only, and no server comes into another zone by it.
 *
 * @param defaultZone the zone of hosts that are in none
 */
export async function addHostToAggregate(
  database: Queryable,
  id: number,
  host: string,
  defaultZone: string,
): Promise<Outcome<AggregateRecord, NotFound & OtherZones & ServersMove & { hostIsThere: object }>> {
  return await alone(database, async (transaction) => {
    const found = await findAggregate(transaction, id);
    if (!found) return refused("notFound", { id });
    if (found.hosts.includes(host)) return refused("hostIsThere", {});
    const zone = found.metadata[ZONE_KEY];
    if (zone !== undefined) {
      const [from] = await zonesBesides(transaction, id, [host]);
      if (from !== undefined && from !== zone) return refused("otherZones", { zones: [from] });
      const move = await serversMove(transaction, host, from ?? defaultZone, zone);
      if (move) return move;
    }
    await transaction.insert(aggregateHosts).values({ aggregateId: id, host });
    return ok({ ...found, hosts: [...found.hosts, host].sort() });
  });
}

/**
 * Removes a host. No server comes into another zone by it.
 *
 * @param defaultZone the zone of hosts that are in none
 */
export async function removeHostFromAggregate(
  database: Queryable,
  id: number,
  host: string,
  defaultZone: string,
): Promise<Outcome<AggregateRecord, NotFound & ServersMove & { hostIsNotThere: object }>> {
  return await alone(database, async (transaction) => {
    const found = await findAggregate(transaction, id);
    if (!found) return refused("notFound", { id });
    if (!found.hosts.includes(host)) return refused("hostIsNotThere", {});
    const zone = found.metadata[ZONE_KEY];
    if (zone !== undefined) {
      const [to = defaultZone] = await zonesBesides(transaction, id, [host]);
      const move = await serversMove(transaction, host, zone, to);
      if (move) return move;
    }
    await transaction
      .delete(aggregateHosts)
      .where(and(eq(aggregateHosts.aggregateId, id), eq(aggregateHosts.host, host)));
    return ok({ ...found, hosts: found.hosts.filter((one) => one !== host) });
  });
}

/** Changes of aggregates are rare and look at one another: one at a time in the whole cloud. */
async function alone<Result>(
  database: Queryable,
  change: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  return await database.transaction(async (transaction) => {
    await transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended('compute.aggregates', 0))`);
    return await change(transaction);
  });
}

async function select(database: Queryable, condition: SQL | undefined): Promise<AggregateRecord[]> {
  return await database
    .select({
      id: aggregates.id,
      uuid: aggregates.uuid,
      name: aggregates.name,
      metadata: aggregates.metadata,
      createdAt: aggregates.createdAt,
      updatedAt: aggregates.updatedAt,
      // Columns by their names: in the selection of one table they come without it, and would be the inner table's.
      hosts: sql<string[]>`coalesce(
        (select array_agg(h.host order by h.host collate "C") from ${aggregateHosts} h
          where h.aggregate_id = ${aggregates}.id), '{}')`,
    })
    .from(aggregates)
    .where(condition)
    .orderBy(asc(aggregates.id));
}

/** The zones that these hosts are in by other aggregates. */
async function zonesBesides(transaction: Queryable, id: number, hosts: readonly string[]): Promise<string[]> {
  if (hosts.length === 0) return [];
  const rows = await transaction
    .selectDistinct({ zone: sql<string>`${aggregates.metadata} ->> ${ZONE_KEY}` })
    .from(aggregates)
    .innerJoin(aggregateHosts, eq(aggregateHosts.aggregateId, aggregates.id))
    .where(
      and(ne(aggregates.id, id), inArray(aggregateHosts.host, [...hosts]), sql`${aggregates.metadata} ? ${ZONE_KEY}`),
    );
  return rows.map(({ zone }) => zone).sort();
}

async function otherZones(transaction: Queryable, id: number, zone: string, hosts: readonly string[]) {
  return (await zonesBesides(transaction, id, hosts)).filter((other) => other !== zone);
}

async function serversMove(transaction: Queryable, host: string, from: string, to: string) {
  const hosted = from === to ? 0 : await countServersOn(transaction, [host]);
  return hosted === 0 ? undefined : refused("serversMove", { servers: hosted, from, to });
}

async function countServersOn(transaction: Queryable, hosts: readonly string[]): Promise<number> {
  if (hosts.length === 0) return 0;
  return await transaction.$count(servers, and(inArray(servers.host, [...hosts]), isNull(servers.deletedAt)));
}

function merged(
  metadata: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const all = Object.entries({ ...metadata, ...changes });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}
