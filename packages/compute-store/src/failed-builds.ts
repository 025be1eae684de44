import type { Fault } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { and, eq, ne, sql } from "drizzle-orm";
import { computeNodes } from "./tables/index.js";
import { now } from "./time.js";

/** From here on a fault is the cloud's; one below is in what was asked for, and every host would have had it. */
const OUR_FAULT = 500;

/**
 * Counts how a build ended on a hypervisor: one more that failed, or none since this one. A build that a conductor ends
 * (the host is null) says nothing of a hypervisor. Where nothing changes nothing is written.
 *
 * Called when the rows of server and operation are locked, and last in its transaction: the row is shared by all builds
 * of the hypervisor.
 */
export async function countBuild(
  transaction: Queryable,
  host: string | null,
  node: string | null,
  fault: Fault | null,
): Promise<void> {
  if (host === null || node === null) return;
  if (fault && fault.code < OUR_FAULT) return;
  await transaction
    .update(computeNodes)
    .set({ failedBuilds: fault ? sql`${computeNodes.failedBuilds} + 1` : 0, changedAt: now })
    .where(
      and(
        eq(computeNodes.host, host),
        eq(computeNodes.hypervisorHostname, node),
        fault ? undefined : ne(computeNodes.failedBuilds, 0),
      ),
    );
}
