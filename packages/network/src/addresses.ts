import { randomBytes, randomUUID } from "node:crypto";
import type { NetworkService, RequestedNetworks } from "@kilonova/contracts";
import type { Database, Queryable } from "@kilonova/database";
import type { Args } from "@kilonova/messaging";
import { refused } from "@kilonova/messaging";
import { and, asc, eq, getTableColumns, inArray, lte, ne, sql } from "drizzle-orm";
import { AddressRange, FIRST_SERVER_POSITION } from "./address-range.js";
import { freePositions, type NetworkRow, networks, ports, servers } from "./tables.js";

export type AllocateArgs = Args<NetworkService, "allocateForServer">;

/** The ports of a server with their networks. */
export type ServerPorts = readonly { readonly port: Port; readonly network: NetworkRow }[];

/** Thrown inside a transaction, so that it is rolled back, and answered as a value. */
class Refusal<Details extends ReturnType<typeof refused>> extends Error {
  constructor(readonly answer: Details) {
    super(answer.refusal);
  }
}

/**
 * Gives servers their addresses and takes them back. Each allocation locks the server's row, then the rows of its
 * networks by id: allocations on one network are made one after the other, each in a few statements and with no search.
 *
 * A network counts up: `next_position` is the first address that nobody has had. When it comes to the end, those that
 * were given back are given again, so that an address rests as long as there are others.
 */
export class Addresses {
  constructor(private readonly database: Database) {}

  /**
   * The same ports again where the server has them already.
   *
   * @param by the host that asks, where one does: a server that has its ports on another is not its own
   */
  async allocate(args: AllocateArgs, by?: string) {
    return this.#answered(async (transaction): Promise<ServerPorts> => {
      await refuseElsewhere(transaction, args.serverId, by);
      await raiseFence(transaction, args.serverId, args.fence);
      const known = await portsOf(transaction, args.serverId);
      if (known.length > 0 || args.networks === "none") return known;
      const made: { port: Port; network: NetworkRow }[] = [];
      for (const { network, fixedAddress } of await lockNetworks(transaction, args.networks)) {
        const port = { ...newPort(args, network), deviceIndex: made.length };
        made.push({ port: await makePort(transaction, network, port, fixedAddress), network });
      }
      return made;
    });
  }

  /** Frees all that a server has; its fence stays. */
  async free(serverId: string, fence: number, by?: string) {
    return this.#answered(async (transaction) => {
      await refuseElsewhere(transaction, serverId, by);
      await raiseFence(transaction, serverId, fence);
      const held = await portsOf(transaction, serverId);
      if (held.length === 0) return undefined;
      const ids = [...new Set(held.map(({ network }) => network.id))];
      const locked = await lock(transaction, ids);
      await transaction.delete(ports).where(eq(ports.serverId, serverId));
      // What was asked for by name beyond the counter is met there again.
      const below = held.filter(({ port }) => port.position < (locked.get(port.networkId)?.nextPosition ?? 0));
      if (below.length === 0) return undefined;
      await transaction
        .insert(freePositions)
        .values(below.map(({ port }) => ({ networkId: port.networkId, position: port.position })))
        .onConflictDoNothing();
      return undefined;
    });
  }

  /** Forgets the fences of servers that have had nothing for so many milliseconds. */
  async forget(age: number): Promise<void> {
    await this.database
      .delete(servers)
      .where(
        and(
          lte(servers.updatedAt, sql`now() - ${age} * interval '1 millisecond'`),
          sql`NOT EXISTS (SELECT FROM ${ports} WHERE ${ports.serverId} = ${servers.id})`,
        ),
      );
  }

  async #answered<Value>(work: (transaction: Queryable) => Promise<Value>) {
    try {
      return { ok: true as const, value: await this.database.transaction(work) };
    } catch (error) {
      if (error instanceof Refusal) return (error as AnyRefusal).answer;
      throw error;
    }
  }
}

type AnyRefusal =
  | Refusal<{ ok: false; refusal: "staleFence"; details: { serverId: string; newest: number } }>
  | Refusal<{ ok: false; refusal: "networkNotFound"; details: { networkId: string } }>
  | Refusal<{ ok: false; refusal: "noMoreAddresses"; details: { networkId: string } }>
  | Refusal<{ ok: false; refusal: "addressInUse"; details: { address: string } }>
  | Refusal<{ ok: false; refusal: "invalidAddress"; details: { address: string } }>;

/** To a host, a server that is on another has a newer owner. */
async function refuseElsewhere(transaction: Queryable, serverId: string, host: string | undefined): Promise<void> {
  if (host === undefined) return;
  const [port] = await transaction
    .select({ fence: servers.fence })
    .from(ports)
    .innerJoin(servers, eq(servers.id, ports.serverId))
    .where(and(eq(ports.serverId, serverId), ne(ports.host, host)))
    .limit(1);
  if (port) throw new Refusal(refused("staleFence", { serverId, newest: port.fence }));
}

/** Keeps the highest fence that was seen for a server; an equal one is a repeat. */
async function raiseFence(transaction: Queryable, serverId: string, fence: number): Promise<void> {
  const [raised] = await transaction
    .insert(servers)
    .values({ id: serverId, fence })
    .onConflictDoUpdate({
      target: servers.id,
      set: { fence, updatedAt: sql`now()` },
      setWhere: lte(servers.fence, fence),
    })
    .returning({ fence: servers.fence });
  if (raised) return;
  const [newest] = await transaction.select({ fence: servers.fence }).from(servers).where(eq(servers.id, serverId));
  throw new Refusal(refused("staleFence", { serverId, newest: newest?.fence ?? fence }));
}

const { createdAt: _, ...PORT } = getTableColumns(ports);

/** A port as servers know it. */
type Port = Omit<typeof ports.$inferSelect, "createdAt">;

async function portsOf(transaction: Queryable, serverId: string): Promise<ServerPorts> {
  return transaction
    .select({ port: PORT, network: networks })
    .from(ports)
    .innerJoin(networks, eq(networks.id, ports.networkId))
    .where(eq(ports.serverId, serverId));
}

/** The networks that are asked for, locked until the transaction ends. */
async function lockNetworks(transaction: Queryable, requested: Exclude<RequestedNetworks, "none">) {
  if (requested === "auto") {
    const [first] = await transaction
      .select()
      .from(networks)
      .orderBy(asc(networks.createdAt), asc(networks.id))
      .limit(1)
      .for("no key update");
    if (!first) throw new Refusal(refused("networkNotFound", { networkId: "auto" }));
    return [{ network: first, fixedAddress: undefined }];
  }
  const locked = await lock(transaction, [...new Set(requested.map(({ networkId }) => networkId))]);
  return requested.map(({ networkId, fixedAddress }) => {
    const network = locked.get(networkId);
    if (!network) throw new Refusal(refused("networkNotFound", { networkId }));
    return { network, fixedAddress };
  });
}

async function lock(transaction: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, NetworkRow>> {
  if (ids.length === 0) return new Map();
  const rows = await transaction
    .select()
    .from(networks)
    .where(inArray(networks.id, [...ids]))
    .orderBy(asc(networks.id))
    .for("no key update");
  return new Map(rows.map((row) => [row.id, row]));
}

function newPort({ serverId, projectId, host }: AllocateArgs, { id: networkId }: NetworkRow) {
  return { id: randomUUID(), serverId, networkId, projectId, host, macAddress: randomMacAddress() };
}

type NewPort = ReturnType<typeof newPort> & { readonly deviceIndex: number };

async function makePort(
  transaction: Queryable,
  network: NetworkRow,
  port: NewPort,
  fixedAddress: string | undefined,
): Promise<Port> {
  const range = new AddressRange(network.range);
  if (fixedAddress !== undefined) {
    return insertPort(transaction, port, await takeNamed(transaction, network, range, fixedAddress));
  }
  const made = await makePortAtFirstUnused(transaction, range, port);
  return made ?? insertPort(transaction, port, await takeGivenBack(transaction, network.id));
}

/**
 * A port with the first address that nobody has had, from the counter on and past those that were asked for by name;
 * undefined where there is none. One statement, since the network is locked until the transaction ends.
 */
async function makePortAtFirstUnused(
  transaction: Queryable,
  range: AddressRange,
  port: NewPort,
): Promise<Port | undefined> {
  const { rows } = await transaction.execute<{ position: string }>(sql`
    WITH RECURSIVE run (position) AS (
      SELECT greatest(next_position, ${FIRST_SERVER_POSITION}) FROM ${networks} WHERE id = ${port.networkId}
      UNION ALL
      SELECT run.position + 1 FROM run
      WHERE EXISTS (SELECT FROM ${ports} WHERE network_id = ${port.networkId} AND position = run.position)
    ), unused AS (
      SELECT max(position) AS position FROM run
    ), counted AS (
      UPDATE ${networks} SET next_position = unused.position + 1 FROM unused
      WHERE id = ${port.networkId} AND unused.position < ${range.end}
      RETURNING unused.position
    )
    INSERT INTO ${ports} (id, server_id, network_id, project_id, host, mac_address, device_index, position)
    SELECT ${port.id}, ${port.serverId}, ${port.networkId}, ${port.projectId}, ${port.host}, ${port.macAddress},
      ${port.deviceIndex}, counted.position
    FROM counted
    RETURNING position`);
  const [made] = rows;
  return made && { ...port, position: Number(made.position) };
}

/** The lowest address that was given back. @throws a refusal where there is none */
async function takeGivenBack(transaction: Queryable, networkId: string): Promise<number> {
  const { rows } = await transaction.execute<{ position: string }>(sql`
    DELETE FROM ${freePositions}
    WHERE (network_id, position) = (
      SELECT network_id, position FROM ${freePositions} WHERE network_id = ${networkId} ORDER BY position LIMIT 1
    )
    RETURNING position`);
  const [given] = rows;
  if (given) return Number(given.position);
  throw new Refusal(refused("noMoreAddresses", { networkId }));
}

async function insertPort(transaction: Queryable, port: NewPort, position: number): Promise<Port> {
  await transaction.insert(ports).values({ ...port, position });
  return { ...port, position };
}

async function takeNamed(
  transaction: Queryable,
  network: NetworkRow,
  range: AddressRange,
  address: string,
): Promise<number> {
  const position = range.positionOf(address);
  if (position === undefined) throw new Refusal(refused("invalidAddress", { address }));
  const at = and(eq(ports.networkId, network.id), eq(ports.position, position));
  const [taken] = await transaction.select({ id: ports.id }).from(ports).where(at);
  if (taken) throw new Refusal(refused("addressInUse", { address }));
  const wasFree = and(eq(freePositions.networkId, network.id), eq(freePositions.position, position));
  await transaction.delete(freePositions).where(wasFree);
  return position;
}

/** In the range that OpenStack gives to virtual machines; 24 random bits, and the table refuses a second of the same. */
function randomMacAddress(): string {
  return ["fa", "16", "3e", ...[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}
