import { listComputeNodes } from "@kilonova/compute-store";
import { placementContract } from "@kilonova/contracts";
import { type Container, SERVICE_RECORDS, type ServiceRecords } from "@kilonova/core";
import { type Database, databaseOf } from "@kilonova/database";
import type { Rpc } from "@kilonova/messaging";
import {
  CLAIMS,
  CLOCK,
  type Clock,
  driver,
  HOST_STATES,
  inject,
  LOGGER,
  type Logger,
  RPC,
  type ServiceGroupDriver,
} from "@kilonova/plugin-api";
import { HOST_TABLE, type HostSource, HostTable } from "./host-table.js";
import { SchedulerManager } from "./manager.js";
import { PlacementClaims } from "./placement-claims.js";
import { ProviderMirror } from "./provider-mirror.js";

/** What strategies stand on. */
export class SchedulerFoundation {
  readonly hosts: HostTable;
  readonly claims: PlacementClaims;

  constructor(
    @inject(RPC) rpc: Rpc,
    @inject(databaseOf("compute")) database: Database,
    @inject(SERVICE_RECORDS) records: ServiceRecords,
    @driver("servicegroup.driver") group: ServiceGroupDriver,
    @inject(CLOCK) clock: Clock,
    @inject(LOGGER) logger: Logger,
  ) {
    const placement = rpc.client(placementContract);
    const mirror = new ProviderMirror(placement, clock, logger);
    const source: HostSource = {
      hypervisors: () => listComputeNodes(database),
      services: () => records.list("compute"),
    };
    this.hosts = new HostTable(mirror, source, group);
    this.claims = new PlacementClaims(placement, mirror, logger);
  }
}

/**
 * Makes the manager, with what every strategy may ask for by `HOST_STATES` and `CLAIMS`: these are there before the
 * strategy that option `scheduler.driver` names is made.
 */
export async function schedulerManager(container: Container): Promise<SchedulerManager> {
  const { hosts, claims } = await container.build(SchedulerFoundation);
  container.register(HOST_TABLE, hosts);
  container.register(HOST_STATES, hosts);
  container.register(CLAIMS, claims);
  return container.build(SchedulerManager);
}
