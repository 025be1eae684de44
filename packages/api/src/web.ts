import type { Options } from "@kilonova/config";
import { type Database, databaseOf } from "@kilonova/database";
import { computeDiscovery, computeFaults, type WebService, type WebServiceFactory } from "@kilonova/http";
import { type Authenticator, driver, drivers, inject, options, type ServiceGroupDriver } from "@kilonova/plugin-api";
import { ComputeServices } from "./hosts/compute-services.js";
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
import { ServerActionsController } from "./rest/server-actions.js";
import { ServerLookup } from "./rest/server-lookup.js";
import { ServerMetadataController } from "./rest/server-metadata.js";
import { ServersController } from "./rest/servers.js";
import { ServicesController } from "./rest/services.js";
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
  ) {}

  webService(): WebService {
    return {
      name: "compute",
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
    const { maxLimit } = this.api;
    const limits = defaultLimits(this.quota);
    const services = new ComputeServices(database, this.serviceGroup);
    const servers = new ServerLookup(database);
    return [
      new AggregatesController(),
      new AvailabilityZonesController(services),
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
      new ServerActionsController(servers, manager),
      new ServerMetadataController(servers, limits),
      new ServersController(servers, manager, services, maxLimit),
      new ServicesController(services),
    ];
  }
}
