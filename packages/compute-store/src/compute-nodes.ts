import type { ComputeNode } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { asc, eq, type SQL, sql } from "drizzle-orm";
import { toComputeNode } from "./rows.js";
import { computeNodes } from "./tables/index.js";
import { now } from "./time.js";
import { isUuid } from "./uuid.js";

/**
 * Writes what a hypervisor has and uses. A hypervisor's name that comes with a new id is a new hypervisor: the old one
 * goes. Its failed builds are counted elsewhere and stay.
 */
export async function saveComputeNode(database: Queryable, node: ComputeNode): Promise<void> {
  const described = { ...node, facts: node.facts ?? {} };
  await database.transaction(async (transaction) => {
    await transaction
      .delete(computeNodes)
      .where(sql`${computeNodes.hypervisorHostname} = ${node.hypervisorHostname} and ${computeNodes.id} <> ${node.id}`);
    await transaction
      .insert(computeNodes)
      .values(described)
      .onConflictDoUpdate({ target: computeNodes.id, set: { ...described, updatedAt: now, changedAt: CHANGED_AT } });
  });
}

/** What is used changes all the time and is nothing that schedulers read here: they are told of the rest alone. */
const CHANGED_AT = sql`case
  when (${described("compute_nodes")}) is distinct from (${described("excluded")}) then now()
  else compute_nodes.changed_at
end`;

function described(row: "compute_nodes" | "excluded"): SQL {
  const columns = [
    "host",
    "hypervisor_hostname",
    "hypervisor_type",
    "hypervisor_version",
    "host_ip",
    "cpu_info",
    "facts",
  ];
  return sql.raw(columns.map((column) => `${row}.${column}`).join(", "));
}

/** All hypervisors by name. */
export async function listComputeNodes(database: Queryable): Promise<ComputeNode[]> {
  const rows = await database.select().from(computeNodes).orderBy(asc(computeNodes.hypervisorHostname));
  return rows.map(toComputeNode);
}

/** The host that told of a hypervisor of that name; undefined where nobody has. */
export async function hostOfHypervisor(database: Queryable, hypervisorHostname: string): Promise<string | undefined> {
  const [row] = await database
    .select({ host: computeNodes.host })
    .from(computeNodes)
    .where(eq(computeNodes.hypervisorHostname, hypervisorHostname));
  return row?.host;
}

export async function findComputeNode(database: Queryable, id: string): Promise<ComputeNode | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await database.select().from(computeNodes).where(eq(computeNodes.id, id));
  return row && toComputeNode(row);
}
