import { type Placement, placementContract } from "@kilonova/contracts";
import { type Container, SERVICE_RECORDS, type ServiceRecords } from "@kilonova/core";
import { type Database, databaseOf } from "@kilonova/database";
import type { Rpc, RpcClient } from "@kilonova/messaging";
import {
  CLAIMS,
  CLOCK,
  type Clock,
  driver,
  HOST_STATES,
  inject,
  LOGGER,
  type Logger,
  type Options,
  options,
  RPC,
  type ServiceGroupDriver,
} from "@kilonova/plugin-api";
import { CHAIN_LOADER, ChainLoader } from "./chain/chain-loader.js";
import { CHAINS, Chains } from "./chain/chains.js";
import { PlacementClaims } from "./claims/placement-claims.js";
import { DatabaseArchive } from "./decisions/database-archive.js";
import { DECISION_ARCHIVE } from "./decisions/decision-archive.js";
import { PLACEMENT } from "./filter-scheduler.js";
import { DatabaseHosts } from "./hosts/database-hosts.js";
import { HOST_TABLE, HostTable } from "./hosts/host-table.js";
import { ProviderMirror } from "./hosts/provider-mirror.js";
import { SchedulerManager } from "./manager.js";
import { schedulerOptions } from "./options.js";

/** What strategies stand on. */
class SchedulerFoundation {
  readonly placement: RpcClient<Placement>;
  readonly claims: PlacementClaims;
  readonly mirror: ProviderMirror;

  constructor(
    @inject(RPC) rpc: Rpc,
    @inject(databaseOf("compute")) readonly database: Database,
    @inject(SERVICE_RECORDS) readonly records: ServiceRecords,
    @driver("servicegroup.driver") readonly group: ServiceGroupDriver,
    @options(schedulerOptions) readonly settings: Options<typeof schedulerOptions>,
    @inject(CLOCK) readonly clock: Clock,
    @inject(LOGGER) readonly logger: Logger,
  ) {
    this.placement = rpc.client(placementContract);
    this.mirror = new ProviderMirror(this.placement, clock, logger);
    this.claims = new PlacementClaims(this.placement, this.mirror);
  }
}

/**
 * Makes the manager, with what every strategy may ask for by `HOST_STATES` and `CLAIMS`: these are there before the
 * strategy that option `scheduler.driver` names is made.
 */
export async function schedulerManager(container: Container): Promise<SchedulerManager> {
  const { placement, claims, mirror, database, records, group, settings, clock, logger } =
    await container.build(SchedulerFoundation);
  const loader = new ChainLoader(container);
  const chains = new Chains(await loader.load());
  const hosts = new HostTable(mirror, new DatabaseHosts(database, records, clock), group, {
    defaultAvailabilityZone: settings.defaultAvailabilityZone,
    needsImageProperties: (keys) => chains.readsImageProperties(keys),
  });
  container.register(PLACEMENT, placement);
  container.register(CHAIN_LOADER, loader);
  container.register(CHAINS, chains);
  container.register(DECISION_ARCHIVE, new DatabaseArchive(database, settings, clock, logger));
  container.register(HOST_TABLE, hosts);
  container.register(HOST_STATES, hosts);
  container.register(CLAIMS, claims);
  return container.build(SchedulerManager);
}
