import { findServer, type ServerRecord, updateServerAttributes } from "@kilonova/compute-store";
import type { VmState } from "@kilonova/contracts";
import type { Database } from "@kilonova/database";
import { type ApiFault, fault } from "@kilonova/http";
import { sql } from "drizzle-orm";

type Metadata = Readonly<Record<string, string>>;

const CHANGEABLE: ReadonlySet<VmState> = new Set(["active", "paused", "suspended", "stopped"]);

/**
 * Changes the metadata of a server, with nobody else changing them at the same time.
 *
 * @param change makes the new metadata of those that are there; a fault where it cannot
 * @param limit the most items; -1: as many as one likes
 * @returns what they are then, or why they were not changed
 */
export async function changeMetadata(
  database: Database,
  { id }: ServerRecord,
  change: (metadata: Metadata) => Metadata | ApiFault,
  limit: number,
): Promise<{ readonly metadata: Metadata } | ApiFault> {
  return await database.transaction(async (transaction) => {
    await transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`compute.metadata:${id}`}, 0))`);
    const server = await findServer(transaction, id);
    if (!server) return fault(404, `Instance ${id} could not be found.`);
    if (!CHANGEABLE.has(server.vmState)) {
      return fault(409, `Cannot 'update metadata' instance ${id} while it is in vm_state ${server.vmState}`);
    }
    const metadata = change(server.metadata);
    if (metadata instanceof Error) return metadata;
    if (limit >= 0 && Object.keys(metadata).length > limit) {
      return fault(403, `Maximum number of metadata items exceeds ${limit}`);
    }
    await updateServerAttributes(transaction, id, { metadata });
    return { metadata };
  });
}
