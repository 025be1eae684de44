import type { Placement, Provider } from "@kilonova/contracts";
import type { Database } from "@kilonova/database";
import { type Args, ok, type Result, refused } from "@kilonova/messaging";
import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import { providerDocument, readProvider } from "./provider-documents.js";
import { canBeUnder, lockSubtree, lockTrees } from "./provider-tree.js";
import { changeNumber, inventories, nextGeneration, providerAggregates, providers, traits } from "./tables.js";

/** Which providers there are, and how they stand in trees. Each change is one transaction. */
export class Registry {
  constructor(private readonly database: Database) {}

  async ensureProvider(wanted: Args<Placement, "ensureProvider">): Promise<Result<Placement, "ensureProvider">> {
    // Every host asks every minute, and hardly ever is there anything to do.
    const known = await this.#read(wanted.id);
    if (known?.name === wanted.name && known.parentId === wanted.parentId) return ok(known);
    return this.database.transaction(async (tx) => {
      const { id, name, parentId } = wanted;
      await lockTrees(tx);
      if (parentId !== null && !(await canBeUnder(tx, parentId, id))) {
        return refused("parentNotFound", { providerId: parentId });
      }
      const [holder] = await tx.select({ id: providers.id }).from(providers).where(named(name));
      if (holder && holder.id !== id) return refused("nameTaken", { name });
      await lockSubtree(tx, id);
      await tx
        .insert(providers)
        .values({ id, name, parentId, changed: changeNumber })
        .onConflictDoUpdate({
          target: providers.id,
          set: { name, parentId, deletedAt: null, ...nextGeneration },
          setWhere: sql`(${providers.name}, ${providers.parentId}, ${providers.deletedAt}) IS DISTINCT FROM (${name}, ${parentId}::text, NULL::timestamptz)`,
        });
      return ok(await readProvider(tx, id));
    });
  }

  /** Forgets a provider with all that are below it. */
  async deleteProvider({
    providerId,
  }: Args<Placement, "deleteProvider">): Promise<Result<Placement, "deleteProvider">> {
    return this.database.transaction(async (tx) => {
      await lockTrees(tx);
      const tree = await lockSubtree(tx, providerId);
      if (tree.length === 0) return refused("providerNotFound", { providerId });
      const consumers = tree.reduce((sum, member) => sum + member.consumers, 0);
      if (consumers > 0) return refused("providerInUse", { providerId, consumers });
      const ids = tree.map(({ id }) => id);
      for (const table of [inventories, traits, providerAggregates]) {
        await tx.delete(table).where(inArray(table.providerId, ids));
      }
      await tx
        .update(providers)
        .set({ ...nextGeneration, parentId: null, deletedAt: sql`now()` })
        .where(inArray(providers.id, ids));
      return ok();
    });
  }

  async #read(id: string): Promise<Provider | undefined> {
    const [row] = await this.database
      .select({ document: providerDocument })
      .from(providers)
      .where(and(eq(providers.id, id), isNull(providers.deletedAt)));
    return row?.document;
  }
}

function named(name: string) {
  return and(eq(providers.name, name), isNull(providers.deletedAt));
}
