import { randomUUID } from "node:crypto";
import { type NetworkService, networkContract } from "@kilonova/contracts";
import { type Database, databaseOf } from "@kilonova/database";
import { type Args, boundHost, KilonovaError, ok, type RequestContext, type Result } from "@kilonova/messaging";
import { inject, manager, NetworkManager, type Options, options, periodicTask, rpcMethod } from "@kilonova/plugin-api";
import { asc, eq } from "drizzle-orm";
import { AddressRange, FIRST_SERVER_POSITION } from "./address-range.js";
import { Addresses } from "./addresses.js";
import { networkInfoOf } from "./network-info.js";
import { networkOptions } from "./options.js";
import { freePositions, networks, ports } from "./tables.js";

/** Milliseconds that the fence of a server without ports is remembered: longer than any operation may take. */
const KEEP_FENCES = 30 * 86_400_000;
/** How often an allocation is tried that met another at the same moment. */
const TRIES = 5;

/** One flat network for all: each server gets a fixed address of `network.fixedRange`. */
@manager(networkContract)
export class FlatManager extends NetworkManager {
  readonly #addresses: Addresses;

  constructor(
    @inject(databaseOf("network")) private readonly database: Database,
    @options(networkOptions) private readonly settings: Options<typeof networkOptions>,
  ) {
    super();
    this.#addresses = new Addresses(database);
  }

  /** @throws KilonovaError `network.failed` where the range was changed while servers have addresses of the old one */
  override async initHost(): Promise<void> {
    const { networkName: name, fixedRange: range } = this.settings;
    const made = { id: randomUUID(), name, range, shared: true, nextPosition: FIRST_SERVER_POSITION };
    await this.database.insert(networks).values(made).onConflictDoNothing();
    const [network] = await this.database.select().from(networks).where(eq(networks.name, name));
    if (!network || network.range === range) return;
    await this.#changeRange(network.id, name, network.range, range);
  }

  @rpcMethod()
  async listNetworks(
    _context: RequestContext,
    _args: Args<NetworkService, "listNetworks">,
  ): Promise<Result<NetworkService, "listNetworks">> {
    const rows = await this.database.select().from(networks).orderBy(asc(networks.createdAt), asc(networks.id));
    return rows.map(({ id, name, range, shared }) => ({
      id,
      name,
      range,
      gateway: new AddressRange(range).gateway,
      shared,
    }));
  }

  @rpcMethod()
  async allocateForServer(
    { sender }: RequestContext,
    args: Args<NetworkService, "allocateForServer">,
  ): Promise<Result<NetworkService, "allocateForServer">> {
    for (let attempt = 1; ; attempt++) {
      try {
        const outcome = await this.#addresses.allocate(args, boundHost(sender)?.host);
        return outcome.ok ? ok(networkInfoOf(outcome.value, this.settings).map((vif) => ({ ...vif }))) : outcome;
      } catch (error) {
        if (!isUniqueViolation(error) || attempt === TRIES) throw error;
      }
    }
  }

  @rpcMethod()
  async deallocateForServer(
    { sender }: RequestContext,
    { serverId, fence }: Args<NetworkService, "deallocateForServer">,
  ): Promise<Result<NetworkService, "deallocateForServer">> {
    const outcome = await this.#addresses.free(serverId, fence, boundHost(sender)?.host);
    if (outcome.ok) return ok();
    if (outcome.refusal === "staleFence") return outcome;
    throw new KilonovaError("internal", `freeing addresses was refused: ${outcome.refusal}`);
  }

  @periodicTask({ every: "1h", once: "cluster" })
  async forget(_context: RequestContext): Promise<void> {
    await this.#addresses.forget(KEEP_FENCES);
  }

  async #changeRange(networkId: string, name: string, from: string, to: string): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await transaction.select().from(networks).where(eq(networks.id, networkId)).for("update");
      const [used] = await transaction
        .select({ id: ports.id })
        .from(ports)
        .where(eq(ports.networkId, networkId))
        .limit(1);
      if (used) {
        throw new KilonovaError(
          "network.failed",
          `Network ${name} has servers with addresses of ${from}: option network.fixedRange cannot become ${to} before they are deleted.`,
        );
      }
      await transaction.delete(freePositions).where(eq(freePositions.networkId, networkId));
      await transaction
        .update(networks)
        .set({ range: to, nextPosition: FIRST_SERVER_POSITION })
        .where(eq(networks.id, networkId));
    });
  }
}

/** A MAC address that was thrown twice, or a repeat of the same allocation in the same moment. */
function isUniqueViolation(error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return typeof cause === "object" && cause !== null && "code" in cause && cause.code === "23505";
}
