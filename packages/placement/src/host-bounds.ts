import { type Claim, computeNodeId } from "@kilonova/contracts";
import type { Database } from "@kilonova/database";
import { boundHost, forbidden, type RequestContext } from "@kilonova/messaging";
import { eq, sql } from "drizzle-orm";
import { providers } from "./tables.js";

/** Where a consumer is that has something, by the root provider of its host. */
type Holder = {
  readonly consumerId: string;
  readonly fence: number;
  readonly providerId: string;
  readonly name: string;
};

/**
 * What senders that are bound to a host may ask: what concerns the provider of that host. Nothing is asked of the
 * database for others.
 */
export class HostBounds {
  constructor(private readonly database: Database) {}

  /** @throws KilonovaError `rpc.forbidden` for a provider that is not the host's own */
  checkNew({ sender }: RequestContext, id: string, name: string, parentId: string | null): void {
    const bound = boundHost(sender);
    if (!bound || (parentId === null && id === computeNodeId(bound.host, name))) return;
    throw forbidden(sender, `make or change provider ${id}: it is not its host's own`);
  }

  /** @throws KilonovaError `rpc.forbidden` for a provider that is not the host's own, or not there */
  async checkProvider({ sender }: RequestContext, id: string): Promise<void> {
    const bound = boundHost(sender);
    if (!bound) return;
    const [provider] = await this.database.select({ name: providers.name }).from(providers).where(eq(providers.id, id));
    if (provider && id === computeNodeId(bound.host, provider.name)) return;
    throw forbidden(sender, `see or change provider ${id}: it is not its host's own`);
  }

  /**
   * A host gives back, and takes nothing.
   *
   * @returns a consumer that is on another host by now, with its fence: to the host, that is a newer owner
   * @throws KilonovaError `rpc.forbidden` for a claim that takes something
   */
  async elsewhere({ sender }: RequestContext, claims: readonly Claim[]): Promise<Holder | undefined> {
    const bound = boundHost(sender);
    if (!bound) return undefined;
    if (claims.some(({ allocations }) => allocations.length > 0))
      throw forbidden(sender, "claim anything at placement");
    const consumers = sql.param(claims.map(({ consumerId }) => consumerId));
    const { rows } = await this.database.execute<Holder>(sql`
      SELECT DISTINCT consumer.id AS "consumerId", consumer.fence::float8 AS fence, provider.id AS "providerId", provider.name
      FROM placement.consumers AS consumer JOIN placement.allocations AS allocation ON allocation.consumer_id = consumer.id
        JOIN placement.providers AS provider ON provider.id = coalesce(consumer.root_provider_id, allocation.provider_id)
      WHERE consumer.id = ANY (${consumers}::text[])`);
    return rows.find(({ providerId, name }) => providerId !== computeNodeId(bound.host, name));
  }
}
