import type { Allocation, Placement } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { type Args, ok, type Result, refused } from "@kilonova/messaging";
import { type SQL, sql } from "drizzle-orm";

type Holding = {
  readonly consumerId: string;
  readonly fence: number;
  readonly allocations: Allocation[];
};

type Whereabouts = Result<Placement, "consumers">[number];

/** Who has what. */
export class Allocations {
  constructor(private readonly database: Queryable) {}

  async ofConsumers(consumerIds: readonly string[]): Promise<Holding[]> {
    return this.#holdings(sql`allocation.consumer_id = ANY (${sql.param([...consumerIds])}::text[])`);
  }

  /** What each consumer of a provider takes from it. */
  async ofProvider(providerId: string): Promise<Result<Placement, "consumersOf">> {
    const { rows } = await this.database.execute(
      sql`SELECT FROM placement.providers WHERE id = ${providerId} AND deleted_at IS NULL`,
    );
    if (rows.length === 0) return refused("providerNotFound", { providerId });
    return ok(await this.#holdings(sql`allocation.provider_id = ${providerId}`));
  }

  /** Where consumers are, by their ids or by their group. */
  async whereabouts({ consumerIds, groupId }: Args<Placement, "consumers">): Promise<Result<Placement, "consumers">> {
    const { rows } = await this.database.execute<Whereabouts>(sql`
      SELECT id AS "consumerId", root_provider_id AS "providerId", group_id AS "groupId", generation::float8 AS generation
      FROM placement.consumers AS consumer
      WHERE (id = ANY (${sql.param([...consumerIds])}::text[]) OR group_id = ${groupId}::text)
        AND EXISTS (SELECT FROM placement.allocations WHERE consumer_id = consumer.id)
      ORDER BY id`);
    return rows;
  }

  async #holdings(condition: SQL): Promise<Holding[]> {
    const { rows } = await this.database.execute<Holding>(sql`
      SELECT consumer_id AS "consumerId", consumer.fence::float8 AS fence,
        json_agg(json_build_object('providerId', provider_id, 'resources', resources) ORDER BY provider_id) AS allocations
      FROM (
        SELECT consumer_id, provider_id, json_object_agg(resource_class, amount ORDER BY resource_class) AS resources
        FROM placement.allocations AS allocation WHERE ${condition} GROUP BY consumer_id, provider_id
      ) AS held
      JOIN placement.consumers AS consumer ON consumer.id = consumer_id
      GROUP BY consumer_id, consumer.fence ORDER BY consumer_id`);
    return rows;
  }
}
