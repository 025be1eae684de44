import { KilonovaError, NetworkDriver, type PluggedVif, type RequestContext, type Vif } from "@kilonova/plugin-api";

const TYPE = "user";

/**
 * The network that a hypervisor makes in user space for each guest alone: it needs no right and no device of the host.
 * The guest gets its recorded address and reaches what the host reaches; nobody reaches the guest, other guests neither.
 */
export class UserNetworkDriver extends NetworkDriver {
  async plug(
    { signal }: RequestContext,
    _serverId: string,
    vifs: readonly Vif[],
    vifTypes: readonly string[],
  ): Promise<readonly PluggedVif[]> {
    signal.throwIfAborted();
    if (!vifTypes.includes(TYPE)) {
      throw new KilonovaError(
        "network.failed",
        `The virt driver of this host cannot use networks in user space; it uses ${vifTypes.join(", ") || "none at all"}. Set option network.driver to a driver that makes one of these.`,
      );
    }
    return vifs.map((vif) => ({ vif, type: TYPE, details: {} }));
  }

  /** There is nothing to undo: the network ends with the guest. */
  async unplug(_context: RequestContext, _serverId: string): Promise<void> {}
}
