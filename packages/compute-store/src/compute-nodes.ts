import type { ComputeNode } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { asc, eq, sql } from "drizzle-orm";
import { toComputeNode } from "./rows.js";
import { computeNodes } from "./tables/index.js";
import { now } from "./time.js";
import { isUuid } from "./uuid.js";

/** Writes what a hypervisor has and uses. A hypervisor's name that comes with a new id is a new hypervisor: the old one goes. */
export async function saveComputeNode(database: Queryable, node: ComputeNode): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction
      .delete(computeNodes)
      .where(sql`${computeNodes.hypervisorHostname} = ${node.hypervisorHostname} and ${computeNodes.id} <> ${node.id}`);
    await transaction
      .insert(computeNodes)
      .values(node)
      .onConflictDoUpdate({ target: computeNodes.id, set: { ...node, updatedAt: now } });
  });
}

/** All hypervisors by name. */
export async function listComputeNodes(database: Queryable): Promise<ComputeNode[]> {
  const rows = await database.select().from(computeNodes).orderBy(asc(computeNodes.hypervisorHostname));
  return rows.map(toComputeNode);
}

export async function findComputeNode(database: Queryable, id: string): Promise<ComputeNode | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await database.select().from(computeNodes).where(eq(computeNodes.id, id));
  return row && toComputeNode(row);
}
