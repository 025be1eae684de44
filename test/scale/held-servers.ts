import { z } from "zod";
import type { Capacity } from "../contracts/known-host.js";
import type { SchedulingCloud } from "../e2e/scheduling-cloud.js";
import type { Holding } from "./claim-history.js";

/** What a server has, and of which host. */
export type Held = Pick<Holding, "serverId" | "host" | "size">;

const rows = z.array(
  z.object({
    serverId: z.string(),
    providerId: z.string(),
    size: z.object({ VCPU: z.number(), MEMORY_MB: z.number(), DISK_GB: z.number() }) satisfies z.ZodType<Capacity>,
  }),
);

/** What servers have at placement, in the order of their ids. @param hosts by the ids of their providers */
export async function heldAt(cloud: SchedulingCloud, hosts: ReadonlyMap<string, string>): Promise<readonly Held[]> {
  const found = await cloud.database.$client.query(`
    SELECT consumer_id AS "serverId", provider_id AS "providerId", json_object_agg(resource_class, amount) AS size
    FROM placement.allocations GROUP BY consumer_id, provider_id ORDER BY consumer_id COLLATE "C"`);
  return rows.parse(found.rows).map(({ serverId, providerId, size }) => ({
    serverId,
    host: hosts.get(providerId) ?? providerId,
    size,
  }));
}

/** The same, as somebody knows it who asked for them. */
export function heldBy(holdings: readonly Holding[]): readonly Held[] {
  return holdings
    .map(({ serverId, host, size }) => ({ serverId, host, size }))
    .sort((one, other) => (one.serverId < other.serverId ? -1 : 1));
}
