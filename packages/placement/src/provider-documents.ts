import type { Provider } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { eq, type SQL, sql } from "drizzle-orm";
import { inventories, providerAggregates, providers, traits } from "./tables.js";

/** The columns that make a provider as the contract describes it, all of them of one snapshot. */
export const providerDocument: SQL<Provider> = sql`json_build_object(
  'id', ${providers.id},
  'name', ${providers.name},
  'parentId', ${providers.parentId},
  'rootId', ${providers.rootId},
  'generation', ${providers.generation},
  'consumers', ${providers.consumers},
  'inventories', coalesce((
    SELECT json_object_agg(resource_class, json_build_object(
      'total', total, 'reserved', reserved, 'minUnit', min_unit, 'maxUnit', max_unit,
      'stepSize', step_size, 'allocationRatio', allocation_ratio
    ) ORDER BY resource_class) FROM ${inventories} WHERE provider_id = ${providers.id}
  ), '{}'),
  'used', coalesce((
    SELECT json_object_agg(resource_class, used ORDER BY resource_class) FILTER (WHERE used > 0)
    FROM ${inventories} WHERE provider_id = ${providers.id}
  ), '{}'),
  'traits', coalesce((SELECT json_agg(name ORDER BY name) FROM ${traits} WHERE provider_id = ${providers.id}), '[]'),
  'aggregates', coalesce((
    SELECT json_agg(aggregate_id ORDER BY aggregate_id) FROM ${providerAggregates} WHERE provider_id = ${providers.id}
  ), '[]')
)`;

/** A provider that is sure to be there, as the transaction sees it. */
export async function readProvider(tx: Queryable, id: string): Promise<Provider> {
  const [row] = await tx.select({ document: providerDocument }).from(providers).where(eq(providers.id, id));
  if (!row) throw new TypeError("a provider that was written must be there");
  return row.document;
}
