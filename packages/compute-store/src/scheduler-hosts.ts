import type { ComputeNode, HostFacts } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { asc, gte, type SQL, sql } from "drizzle-orm";
import { toHostFacts } from "./rows.js";
import { computeNodes } from "./tables/index.js";

/** What a scheduler has to know of a hypervisor beyond placement. */
export interface SchedulerHost
  extends Pick<
    ComputeNode,
    "id" | "host" | "hypervisorHostname" | "hypervisorType" | "hypervisorVersion" | "hostIp" | "cpuInfo"
  > {
  readonly facts: HostFacts;
  /** Builds that failed there since one succeeded. */
  readonly failedBuilds: number;
  /** When any of this changed, by the database's clock. */
  readonly changedAt: string;
}

/** A change is seen when its transaction is over, and bears the time at which that began. Milliseconds. */
const LONGEST_CHANGE = 30_000;

/** All hypervisors, by host. */
export async function listHosts(database: Queryable): Promise<readonly SchedulerHost[]> {
  return await read(database, undefined);
}

/**
 * The hypervisors of which something changed since an instant, which is the newest `changedAt` that the caller has seen.
 * Those that changed shortly before are among them again, so that none is missed whose change took its time. One that
 * has another's name has taken its place.
 *
 * @param instant ISO 8601
 */
export async function hostsChangedSince(database: Queryable, instant: string): Promise<readonly SchedulerHost[]> {
  const from = sql`${instant}::timestamptz - ${LONGEST_CHANGE} * interval '1 millisecond'`;
  return await read(database, gte(computeNodes.changedAt, from));
}

async function read(database: Queryable, condition: SQL | undefined): Promise<readonly SchedulerHost[]> {
  const { id, host, hypervisorHostname, hypervisorType, hypervisorVersion, hostIp } = computeNodes;
  const { cpuInfo, facts, failedBuilds, changedAt } = computeNodes;
  const rows = await database
    .select({
      id,
      host,
      hypervisorHostname,
      hypervisorType,
      hypervisorVersion,
      hostIp,
      cpuInfo,
      facts,
      failedBuilds,
      changedAt,
    })
    .from(computeNodes)
    .where(condition)
    .orderBy(asc(host), asc(hypervisorHostname));
  return rows.map((row) => ({ ...row, facts: toHostFacts(row.facts) }));
}
