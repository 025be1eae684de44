import type { NetworkInfo, NetworkService, RequestedNetworks } from "@kilonova/contracts";
import { patientCall } from "@kilonova/core";
import { type Args, KilonovaError, type RequestContext, type RpcClient } from "@kilonova/messaging";
import type { Clock, NetworkDriver, PluggedVif, Server } from "@kilonova/plugin-api";
import { staleError } from "./stale.js";
import type { TakenOperation } from "./taken-operation.js";

export interface ServerNetworksWorld {
  readonly network: RpcClient<NetworkService>;
  readonly driver: NetworkDriver;
  readonly clock: Clock;
  readonly host: string;
  /** What the virt driver can use, best first. */
  readonly vifTypes: readonly string[];
}

type Asked = Args<NetworkService, "allocateForServer">["networks"];

/** A server's interfaces: at the network service, and on this host. */
export class ServerNetworks {
  constructor(private readonly world: ServerNetworksWorld) {}

  /**
   * Ports and addresses of the server; again: the same.
   *
   * @throws KilonovaError `operation.stale`; `network.failed` in words for the user, where the networks cannot be had
   */
  async allocate(
    { context, id, operation, server }: TakenOperation,
    networks: RequestedNetworks,
  ): Promise<NetworkInfo> {
    const { network, clock, host } = this.world;
    const outcome = await patientCall(clock, context.signal, () =>
      network.call.allocateForServer(context, {
        serverId: server.id,
        projectId: server.projectId,
        fence: operation.fence,
        host,
        networks: askedOf(networks),
      }),
    );
    if (outcome.ok) return outcome.value;
    if (outcome.refusal === "staleFence") throw staleError(id);
    throw new KilonovaError("network.failed", wordsOf(outcome), { details: { reason: outcome.refusal } });
  }

  /** Makes the interfaces ready on this host; again: the same. */
  plug(context: RequestContext, server: Server, networkInfo: NetworkInfo): Promise<readonly PluggedVif[]> {
    return this.world.driver.plug(context, server.id, networkInfo, this.world.vifTypes);
  }

  async unplug(context: RequestContext, serverId: string): Promise<void> {
    await this.world.driver.unplug(context, serverId);
  }

  /**
   * Frees what the server has. A newer owner of the server has it by now where the network service says so, and sees to it.
   *
   * @returns false where that is so
   */
  async deallocate({ undoing, operation, server }: TakenOperation, signal = undoing.signal): Promise<boolean> {
    const { network, clock } = this.world;
    const { ok } = await patientCall(clock, signal, () =>
      network.call.deallocateForServer(undoing, { serverId: server.id, fence: operation.fence }),
    );
    return ok;
  }
}

/** The wire's types are mutable. */
function askedOf(networks: RequestedNetworks): Asked {
  return typeof networks === "string" ? networks : networks.map((each) => ({ ...each }));
}

type Refusal =
  | { readonly refusal: "networkNotFound" | "noMoreAddresses"; readonly details: { readonly networkId: string } }
  | { readonly refusal: "addressInUse" | "invalidAddress"; readonly details: { readonly address: string } };

function wordsOf(outcome: Refusal): string {
  switch (outcome.refusal) {
    case "networkNotFound":
      return `Network ${outcome.details.networkId} could not be found.`;
    case "noMoreAddresses":
      return `No more addresses on network ${outcome.details.networkId}.`;
    case "addressInUse":
      return `Address ${outcome.details.address} is already in use.`;
    case "invalidAddress":
      return `Address ${outcome.details.address} cannot be given to a server of its network.`;
  }
}
