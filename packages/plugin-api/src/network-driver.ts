import type { Vif } from "@kilonova/contracts";
import type { RequestContext } from "@kilonova/messaging";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";

/** An interface made ready on a host. */
export interface PluggedVif {
  readonly vif: Vif;
  /** What the virt driver has to connect the guest to: `user`, `tap`, `bridge`, `none`, … */
  readonly type: string;
  /** What it needs for that; the keys belong to the type. */
  readonly details: Readonly<Record<string, string>>;
}

/**
 * What networks are on one host; the compute service calls it round the virt driver. `network.driver` names one.
 * Every method is safe to repeat, and ends by the context's signal.
 */
export abstract class NetworkDriver {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "network-driver", version: 1 };

  /** Called once, before anything else. */
  async initHost(_host: string): Promise<void> {}

  /**
   * Makes a server's interfaces ready before its guest starts; again for those that are: the same.
   *
   * @param vifTypes what the virt driver can use, best first
   * @throws KilonovaError `network.failed`; what was made by then is undone
   */
  abstract plug(
    context: RequestContext,
    serverId: string,
    vifs: readonly Vif[],
    vifTypes: readonly string[],
  ): Promise<readonly PluggedVif[]>;

  /** Undoes it after the guest is gone. */
  abstract unplug(context: RequestContext, serverId: string): Promise<void>;
}
