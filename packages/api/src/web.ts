import type { Options } from "@kilonova/config";
import { type Database, databaseOf } from "@kilonova/database";
import { computeDiscovery, computeFaults, type WebService, type WebServiceFactory } from "@kilonova/http";
import type { Rpc } from "@kilonova/messaging";
import {
  type Authenticator,
  driver,
  drivers,
  inject,
  options,
  RPC,
  type ServiceGroupDriver,
} from "@kilonova/plugin-api";
import { AvailabilityZones, DEFAULT_AVAILABILITY_ZONE } from "./hosts/availability-zones.js";
import { ComputeServices } from "./hosts/compute-services.js";
import { HostNews } from "./hosts/host-news.js";
import { apiOptions, quotaOptions } from "./options.js";
import { computePolicies } from "./policies/index.js";
import { defaultLimits } from "./quotas/quota-resources.js";
import { AggregatesController } from "./rest/aggregates.js";
import { AvailabilityZonesController } from "./rest/availability-zones.js";
import { ExtensionsController } from "./rest/extensions.js";
import { FlavorAccessController } from "./rest/flavor-access.js";
import { FlavorExtraSpecsController } from "./rest/flavor-extra-specs.js";
import { FlavorsController } from "./rest/flavors.js";
import { HypervisorsController } from "./rest/hypervisors.js";
import { InstanceActionsController } from "./rest/instance-actions.js";
import { IpsController } from "./rest/ips.js";
import { KeyPairsController } from "./rest/key-pairs.js";
import { LimitsController } from "./rest/limits.js";
import { QuotaSetsController } from "./rest/quota-sets.js";
import { SchedulerChainsController } from "./rest/scheduler-chains.js";
import { SchedulerDecisionsController } from "./rest/scheduler-decisions.js";
import { SchedulerDryRunController } from "./rest/scheduler-dry-run.js";
import { ServerActionsController } from "./rest/server-actions.js";
import { ServerGroupsController } from "./rest/server-groups.js";
import { ServerLookup } from "./rest/server-lookup.js";
import { ServerMetadataController } from "./rest/server-metadata.js";
import { ServersController } from "./rest/servers.js";
import { ServicesController } from "./rest/services.js";
import { StatusController } from "./rest/status.js";
import { ServerCreations } from "./servers/server-creations.js";
import type { ServerManager } from "./servers/server-manager.js";

/** The microversions that are announced: each route is right at each of them, as far as it is served. */
export const MIN_VERSION = "2.1";
export const MAX_VERSION = "2.96";

/** The Compute API as a web service. */
export class ApiWeb implements WebServiceFactory {
  constructor(
    @inject(databaseOf("compute")) private readonly database: Database,
    @options(apiOptions) private readonly api: Options<typeof apiOptions>,
    @options(quotaOptions) private readonly quota: Options<typeof quotaOptions>,
    @driver("api.servers") private readonly manager: ServerManager,
    @driver("servicegroup.driver") private readonly serviceGroup: ServiceGroupDriver,
    @drivers("api.authSchemes") private readonly authenticators: readonly Authenticator[],
    @inject(RPC) private readonly rpc: Rpc,
    @inject(DEFAULT_AVAILABILITY_ZONE) private readonly defaultZone: string,
  ) {}

  webService(): WebService {
    return {
      name: "compute",
      service: "api",
      root: "/compute/v2.1",
      controllers: this.#controllers(),
      faultStyle: computeFaults,
      microversions: {
        serviceType: "compute",
        min: MIN_VERSION,
        max: MAX_VERSION,
        legacyHeader: "X-OpenStack-Nova-API-Version",
      },
      authenticators: this.authenticators,
      policies: computePolicies,
      discovery: computeDiscovery({ id: "v2.1", min: MIN_VERSION, max: MAX_VERSION, updated: "2013-07-23T11:33:21Z" }),
      projectInPath: true,
      requestIdHeader: "x-compute-request-id",
    };
  }

  #controllers(): readonly object[] {
    const { database, manager } = this;
    const { maxLimit, defaultScheduleZone } = this.api;
    const limits = defaultLimits(this.quota);
    const services = new ComputeServices(database, this.serviceGroup);
    const zones = new AvailabilityZones(database, services, this.defaultZone);
    const servers = new ServerLookup(database);
    const news = new HostNews(this.rpc);
    const creations = new ServerCreations(database, services, zones, defaultScheduleZone);
    return [
      new AggregatesController(database, services, zones, news),
      new AvailabilityZonesController(services, zones),
      new ExtensionsController(),
      new FlavorAccessController(database),
      new FlavorExtraSpecsController(database),
      new FlavorsController(database, maxLimit),
      new HypervisorsController(database, services, maxLimit),
      new InstanceActionsController(servers, maxLimit),
      new IpsController(servers),
      new KeyPairsController(database, limits, maxLimit),
      new LimitsController(database, limits),
      new QuotaSetsController(database, limits),
      new SchedulerDryRunController(creations, manager, this.rpc),
      new SchedulerChainsController(services, this.rpc),
      new SchedulerDecisionsController(database, maxLimit),
      new StatusController(services, database),
      new ServerActionsController(servers, manager),
      new ServerGroupsController(database, limits, maxLimit),
      new ServerMetadataController(servers, limits),
      new ServersController(servers, manager, creations, services, zones, maxLimit),
      new ServicesController(services, zones, news),
    ];
  }
}
