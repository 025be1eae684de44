import type { Placement, Provider } from "@kilonova/contracts";
import type { Database, Queryable } from "@kilonova/database";
import { type Args, ok, type Result, refused } from "@kilonova/messaging";
import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import { providerDocument } from "./provider-documents.js";
import { changeNumber, inventories, providers, traits } from "./tables.js";

const changed = { generation: sql`${providers.generation} + 1`, changed: changeNumber };

/** Providers and what they have. Each change is one transaction that holds the provider's lock. */
export class Registry {
  constructor(private readonly database: Database) {}

  async ensureProvider(provider: Args<Placement, "ensureProvider">): Promise<Result<Placement, "ensureProvider">> {
    return this.database.transaction(async (tx) => {
      const { id, name, parentId } = provider;
      if (parentId !== null && !(await canBeUnder(tx, parentId, id))) {
        return refused("parentNotFound", { providerId: parentId });
      }
      // Who waits here for another that takes the name finds it taken; who is first makes others wait.
      await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`placement-name:${name}`}, 0))`);
      const [holder] = await tx.select({ id: providers.id }).from(providers).where(named(name));
      if (holder && holder.id !== id) return refused("nameTaken", { name });
      await tx
        .insert(providers)
        .values({ id, name, parentId, changed: changeNumber })
        .onConflictDoUpdate({
          target: providers.id,
          set: { name, parentId, deletedAt: null, ...changed },
          setWhere: sql`(${providers.name}, ${providers.parentId}, ${providers.deletedAt}) IS DISTINCT FROM (${name}, ${parentId}::text, NULL::timestamptz)`,
        });
      return ok(await read(tx, id));
    });
  }

  async setInventories(args: Args<Placement, "setInventories">): Promise<Result<Placement, "setInventories">> {
    const { providerId } = args;
    return this.database.transaction(async (tx) => {
      const [locked] = await tx
        .select({ generation: providers.generation })
        .from(providers)
        .where(and(eq(providers.id, providerId), isNull(providers.deletedAt)))
        .for("no key update");
      if (!locked) return refused("providerNotFound", { providerId });
      const { generation } = locked;
      if (generation !== args.generation) return refused("generationConflict", { providerId, generation });
      const removed = await removeOthers(tx, providerId, Object.keys(args.inventories));
      if (removed.inUse !== undefined) return refused("inventoryInUse", { providerId, resourceClass: removed.inUse });
      const written = await write(tx, providerId, args.inventories);
      if (removed.count + written > 0) await tx.update(providers).set(changed).where(eq(providers.id, providerId));
      return ok(await read(tx, providerId));
    });
  }

  /** Forgets a provider with all that are below it. */
  async deleteProvider({
    providerId,
  }: Args<Placement, "deleteProvider">): Promise<Result<Placement, "deleteProvider">> {
    return this.database.transaction(async (tx) => {
      const tree = await lockTree(tx, providerId);
      if (tree.length === 0) return refused("providerNotFound", { providerId });
      const consumers = tree.reduce((sum, member) => sum + member.consumers, 0);
      if (consumers > 0) return refused("providerInUse", { providerId, consumers });
      const ids = tree.map(({ id }) => id);
      await tx.delete(inventories).where(inArray(inventories.providerId, ids));
      await tx.delete(traits).where(inArray(traits.providerId, ids));
      await tx
        .update(providers)
        .set({ ...changed, parentId: null, deletedAt: sql`now()` })
        .where(inArray(providers.id, ids));
      return ok();
    });
  }
}

function named(name: string) {
  return and(eq(providers.name, name), isNull(providers.deletedAt));
}

async function read(tx: Queryable, id: string): Promise<Provider> {
  const [row] = await tx.select({ document: providerDocument }).from(providers).where(eq(providers.id, id));
  if (!row) throw new TypeError("a provider that was written must be there");
  return row.document as Provider;
}

/** The parent exists, and is not the provider itself nor below it. It is kept from being deleted meanwhile. */
async function canBeUnder(tx: Queryable, parentId: string, id: string): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    WITH RECURSIVE above AS (
      SELECT id, parent_id FROM placement.providers WHERE id = ${parentId} AND deleted_at IS NULL
      UNION
      SELECT higher.id, higher.parent_id FROM placement.providers AS higher JOIN above ON higher.id = above.parent_id
    )
    SELECT id FROM placement.providers
    WHERE id = ${parentId} AND deleted_at IS NULL AND NOT EXISTS (SELECT FROM above WHERE id = ${id})
    FOR KEY SHARE`);
  return rows.length > 0;
}

interface TreeMember {
  readonly id: string;
  readonly consumers: number;
}

async function lockTree(tx: Queryable, rootId: string): Promise<readonly TreeMember[]> {
  const { rows } = await tx.execute(sql`
    WITH RECURSIVE tree AS (
      SELECT id FROM placement.providers WHERE id = ${rootId} AND deleted_at IS NULL
      UNION
      SELECT lower.id FROM placement.providers AS lower JOIN tree ON lower.parent_id = tree.id
    )
    SELECT id, consumers FROM placement.providers WHERE id IN (SELECT id FROM tree) ORDER BY id FOR UPDATE`);
  return rows as unknown as TreeMember[];
}

/** Removes the inventories that are no more, unless something is taken from one. */
async function removeOthers(tx: Queryable, providerId: string, kept: readonly string[]) {
  const others = sql`provider_id = ${providerId} AND resource_class <> ALL (${sql.param([...kept])}::text[])`;
  const { rows } = await tx.execute(sql`
    SELECT resource_class AS "inUse" FROM placement.inventories WHERE ${others} AND used > 0 ORDER BY resource_class LIMIT 1`);
  const [taken] = rows as { inUse: string }[];
  if (taken) return { inUse: taken.inUse, count: 0 };
  const { rowCount } = await tx.execute(sql`DELETE FROM placement.inventories WHERE ${others}`);
  return { inUse: undefined, count: rowCount ?? 0 };
}

/** Writes inventories; answers how many are other than they were. */
async function write(tx: Queryable, providerId: string, wanted: Provider["inventories"]): Promise<number> {
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
