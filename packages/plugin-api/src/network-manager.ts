import type { NetworkService } from "@kilonova/contracts";
import type { Args, Handlers, RequestContext, Result } from "@kilonova/messaging";
import { Manager } from "./manager.js";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";

/**
 * Gives servers their networks, ports and addresses: the manager of the network service. `network.manager` names one.
 * Its class is marked with `@manager(networkContract)`, and each of the three with `@rpcMethod()`.
 *
 * Every write carries the server's fence: the highest seen is kept for each server, and a lower one is refused as
 * `staleFence`, so that who was overtaken takes nothing from who came after.
 */
export abstract class NetworkManager extends Manager implements Handlers<NetworkService> {
  static override readonly [PLUGIN_KIND]: PluginTag = { kind: "network-manager", version: 1, alsoA: "service" };

  /** The networks that the context's project may use. */
  abstract listNetworks(
    context: RequestContext,
    args: Args<NetworkService, "listNetworks">,
  ): Promise<Result<NetworkService, "listNetworks">>;

  /** Ports and addresses for a server, all or none; again for the same server and networks: the same ones. */
  abstract allocateForServer(
    context: RequestContext,
    args: Args<NetworkService, "allocateForServer">,
  ): Promise<Result<NetworkService, "allocateForServer">>;

  /** Frees all that a server has. Safe to repeat. */
  abstract deallocateForServer(
    context: RequestContext,
    args: Args<NetworkService, "deallocateForServer">,
  ): Promise<Result<NetworkService, "deallocateForServer">>;
}
