import { schedulerContract } from "@kilonova/contracts";
import type { RequestContext, Rpc, RpcClient } from "@kilonova/messaging";

/** Milliseconds that a change may have to wait for its news to be on their way. */
const PATIENCE = 3_000;

/**
 * Tells the schedulers that services or aggregates are no longer as they were, so that a host that was just disabled, or
 * put into another zone, is one for them from now on.
 */
export class HostNews {
  readonly #schedulers: RpcClient<typeof schedulerContract>;

  constructor(rpc: Rpc) {
    this.#schedulers = rpc.client(schedulerContract);
  }

  /** Never fails: who is not told finds out at its next interval. */
  async tell(context: RequestContext): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE).unref());
    await Promise.race([this.#schedulers.fanout.hostsChanged(context).catch(() => undefined), late]);
  }
}
