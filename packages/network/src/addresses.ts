import { randomBytes, randomUUID } from "node:crypto";
import type { NetworkService, RequestedNetworks } from "@kilonova/contracts";
import type { Database, Queryable } from "@kilonova/database";
import type { Args } from "@kilonova/messaging";
import { refused } from "@kilonova/messaging";
import { and, asc, eq, inArray, lte, sql } from "drizzle-orm";
import { AddressRange, FIRST_SERVER_POSITION } from "./address-range.js";
import { freePositions, type NetworkRow, networks, type PortRow, ports, servers } from "./tables.js";

export type AllocateArgs = Args<NetworkService, "allocateForServer">;

/** The ports of a server with their networks. */
export type ServerPorts = readonly { readonly port: PortRow; readonly network: NetworkRow }[];

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

  /** The same ports again where the server has them already. */
  async allocate(args: AllocateArgs) {
    return this.#answered(async (transaction) => {
      await raiseFence(transaction, args.serverId, args.fence);
      const known = await portsOf(transaction, args.serverId);
      if (known.length > 0 || args.networks === "none") return known;
      const wanted = await lockNetworks(transaction, args.networks);
      for (const [index, { network, fixedAddress }] of wanted.entries()) {
        const position = await takePosition(transaction, network.id, fixedAddress);
        await transaction.insert(ports).values({
          id: randomUUID(),
          serverId: args.serverId,
          networkId: network.id,
          projectId: args.projectId,
          host: args.host,
          macAddress: randomMacAddress(),
          deviceIndex: index,
          position,
        });
      }
      return portsOf(transaction, args.serverId);
    });
  }

  /** Frees all that a server has; its fence stays. */
  async free(serverId: string, fence: number) {
    return this.#answered(async (transaction) => {
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

async function portsOf(transaction: Queryable, serverId: string): Promise<ServerPorts> {
  return transaction
    .select({ port: ports, network: networks })
    .from(ports)
    .innerJoin(networks, eq(networks.id, ports.networkId))
    .where(eq(ports.serverId, serverId));
}

async function lockNetworks(transaction: Queryable, requested: Exclude<RequestedNetworks, "none">) {
  if (requested === "auto") {
    const [first] = await transaction
      .select()
      .from(networks)
      .orderBy(asc(networks.createdAt), asc(networks.id))
      .limit(1);
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

async function takePosition(
  transaction: Queryable,
  networkId: string,
  fixedAddress: string | undefined,
): Promise<number> {
  const network = (await lock(transaction, [networkId])).get(networkId);
  if (!network) throw new Refusal(refused("networkNotFound", { networkId }));
  const range = new AddressRange(network.range);
  if (fixedAddress !== undefined) return takeNamed(transaction, network, range, fixedAddress);
  const next = await firstUnused(transaction, network, range);
  if (next !== undefined) {
    await transaction
      .update(networks)
      .set({ nextPosition: next + 1 })
      .where(eq(networks.id, networkId));
    return next;
  }
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

/** From the counter on, past those that were asked for by name. */
async function firstUnused(
  transaction: Queryable,
  network: NetworkRow,
  range: AddressRange,
): Promise<number | undefined> {
  const from = Math.max(network.nextPosition, FIRST_SERVER_POSITION);
  const { rows } = await transaction.execute<{ position: string }>(sql`
    WITH RECURSIVE run (position) AS (
      SELECT ${from}::bigint
      UNION ALL
      SELECT run.position + 1 FROM run
      WHERE EXISTS (SELECT FROM ${ports} WHERE network_id = ${network.id} AND position = run.position)
    )
    SELECT max(position) AS position FROM run`);
  const position = Number(rows[0]?.position ?? from);
  return position < range.end ? position : undefined;
}

/** In the range that OpenStack gives to virtual machines; 24 random bits, and the table refuses a second of the same. */
function randomMacAddress(): string {
  return ["fa", "16", "3e", ...[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}
