import { type Database, databaseOf } from "@kilonova/database";
import {
  networkDiscovery,
  networkFaults,
  TokenAuthenticator,
  type WebService,
  type WebServiceFactory,
} from "@kilonova/http";
import type { Rpc } from "@kilonova/messaging";
import { CLOCK, type Clock, inject, type Options, options, RPC } from "@kilonova/plugin-api";
import { networkOptions } from "./options.js";
import { ExtensionsController } from "./rest/extensions.js";
import { NetworksController } from "./rest/networks.js";
import { networkPolicies } from "./rest/policies.js";
import { PortsController } from "./rest/ports.js";
import { SubnetsController } from "./rest/subnets.js";

/** What of the Network API users of servers need: which networks there are, and which ports servers have. */
export class NetworkWeb implements WebServiceFactory {
  constructor(
    @inject(databaseOf("network")) private readonly database: Database,
    @options(networkOptions) private readonly settings: Options<typeof networkOptions>,
    @inject(RPC) private readonly rpc: Rpc,
    @inject(CLOCK) private readonly clock: Clock,
  ) {}

  webService(): WebService {
    return {
      name: "network",
      root: "/network/v2.0",
      controllers: [
        new NetworksController(this.database, this.settings.mtu),
        new SubnetsController(this.database, this.settings.nameservers),
        new PortsController(this.database),
        new ExtensionsController(),
      ],
      faultStyle: networkFaults,
      authenticators: [new TokenAuthenticator(this.rpc, this.clock)],
      policies: networkPolicies,
      discovery: networkDiscovery(),
    };
  }
}
