import type { PowerState, VmState } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { servers } from "./tables/index.js";
import { isUuid } from "./uuid.js";

export interface PowerReport {
  readonly serverId: string;
  readonly vmState: VmState;
  readonly powerState: PowerState;
}

/**
 * Writes what a host's hypervisor says of its servers. Servers of other hosts, deleted ones and those that something is
 * being done to are passed over.
 */
export async function savePowerStates(
  database: Queryable,
  host: string,
  reports: readonly PowerReport[],
): Promise<void> {
  const known = reports.filter(({ serverId }) => isUuid(serverId));
  if (known.length === 0) return;
  const said = known.map(({ serverId, vmState, powerState }) => ({
    id: serverId,
    vm_state: vmState,
    power_state: powerState,
  }));
  await database.execute(sql`
    with said as (
      select * from jsonb_to_recordset(${JSON.stringify(said)}::jsonb) as r(id uuid, vm_state text, power_state text)
    ), idle as materialized (
      select s.id, said.vm_state, said.power_state
      from ${servers} s join said on said.id = s.id
      where s.host = ${host} and s.task_state is null and s.deleted_at is null
        and (s.vm_state, s.power_state) is distinct from (said.vm_state, said.power_state)
      order by s.id
      for update of s
    )
    update ${servers} s set vm_state = idle.vm_state, power_state = idle.power_state, updated_at = now()
    from idle where s.id = idle.id`);
}
