import type { Inventories, Placement } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { type Result, refused } from "@kilonova/messaging";
import { sql } from "drizzle-orm";
import { inventories } from "./tables.js";

type InUse = Extract<Result<Placement, "setInventories">, { refusal: "inventoryInUse" }>;

/**
 * Gives a provider just these inventories; answers whether that is other than it was. One from which something is taken
 * may not vanish; it may come to have less than is taken, and then gives nothing more.
 */
export async function replaceInventories(
  tx: Queryable,
  providerId: string,
  wanted: Inventories,
): Promise<boolean | InUse> {
  const others = sql`provider_id = ${providerId} AND resource_class <> ALL (${sql.param(Object.keys(wanted))}::text[])`;
  const { rows } = await tx.execute(sql`
    SELECT resource_class FROM placement.inventories WHERE ${others} AND used > 0 ORDER BY resource_class LIMIT 1`);
  const [taken] = rows as { resource_class: string }[];
  if (taken) return refused("inventoryInUse", { providerId, resourceClass: taken.resource_class });
  const { rowCount } = await tx.execute(sql`DELETE FROM placement.inventories WHERE ${others}`);
  return (rowCount ?? 0) + (await write(tx, providerId, wanted)) > 0;
}

/** Answers how many are other than they were. */
async function write(tx: Queryable, providerId: string, wanted: Inventories): Promise<number> {
  const rows = Object.entries(wanted).map(([resourceClass, inventory]) => ({
    providerId,
    resourceClass,
    ...inventory,
  }));
  if (rows.length === 0) return 0;
  const { rowCount } = await tx
    .insert(inventories)
    .values(rows)
    .onConflictDoUpdate({
      target: [inventories.providerId, inventories.resourceClass],
      set: {
        total: sql`excluded.total`,
        reserved: sql`excluded.reserved`,
        minUnit: sql`excluded.min_unit`,
        maxUnit: sql`excluded.max_unit`,
        stepSize: sql`excluded.step_size`,
        allocationRatio: sql`excluded.allocation_ratio`,
      },
      setWhere: sql`(inventories.total, inventories.reserved, inventories.min_unit, inventories.max_unit,
          inventories.step_size, inventories.allocation_ratio)
        IS DISTINCT FROM (excluded.total, excluded.reserved, excluded.min_unit, excluded.max_unit,
          excluded.step_size, excluded.allocation_ratio)`,
    });
  return rowCount ?? 0;
}
