import { KilonovaError, NetworkDriver, type PluggedVif, type RequestContext, type Vif } from "@kilonova/plugin-api";

/** Interfaces that are only remembered. Their type is whatever the virt driver likes best. */
export class FakeNetworkDriver extends NetworkDriver {
  private readonly servers = new Map<string, readonly PluggedVif[]>();

  /** What is plugged now, by server id: what tests look at. */
  get plugged(): ReadonlyMap<string, readonly PluggedVif[]> {
    return this.servers;
  }

  async plug(
    { signal }: RequestContext,
    serverId: string,
    vifs: readonly Vif[],
    [type]: readonly string[],
  ): Promise<readonly PluggedVif[]> {
    signal.throwIfAborted();
    if (type === undefined) throw new KilonovaError("network.failed", "the virt driver can use no interfaces at all");
    const plugged = vifs.map((vif) => ({ vif, type, details: {} }));
    this.servers.set(serverId, plugged);
    return plugged;
  }

  async unplug(_context: RequestContext, serverId: string): Promise<void> {
    this.servers.delete(serverId);
  }
}
