import { isUnanswered } from "@kilonova/core";
import { isKilonovaError } from "@kilonova/messaging";
import type { Clock, VirtDriver } from "@kilonova/plugin-api";
import { faultOf, StepRecord } from "./operation-steps.js";
import type { ResourceTracker } from "./resource-tracker.js";
import type { ServerAllocations } from "./server-allocations.js";
import type { ServerNetworks } from "./server-networks.js";
import { staleError } from "./stale.js";
import type { TakenOperation } from "./taken-operation.js";

export interface DeleteServerWorld {
  readonly clock: Clock;
  readonly host: string;
  readonly virt: VirtDriver;
  readonly tracker: ResourceTracker;
  readonly networks: ServerNetworks;
  readonly allocations: ServerAllocations;
}

/** Deletes a server from this host: its guest, its interfaces, its addresses, its allocation, then itself. */
export class DeleteServer {
  constructor(private readonly world: DeleteServerWorld) {}

  /**
   * @param attempt {@link remove}, with the hooks round it
   * @throws what kept it from telling how it ended: the operation is woken again
   */
  async run(taken: TakenOperation, attempt: (taken: TakenOperation) => Promise<void>): Promise<void> {
    const step = new StepRecord(this.world.clock, this.world.host, "compute_deleteServer");
    try {
      taken.signal.throwIfAborted();
      await attempt(taken);
    } catch (failure) {
      taken.signal.throwIfAborted();
      // A service that is away for long is asked again when the operation is woken again.
      if (isUnanswered(failure)) throw failure;
      const fault = faultOf("The server could not be deleted", failure);
      // A veto leaves the server as it was.
      const vmState = isKilonovaError(failure, "hook.vetoed") ? {} : { vmState: "error" as const };
      return await taken.finish({ ...vmState, taskState: null }, fault, [step.failed(failure)]);
    }
    await taken.finish({ vmState: "deleted", taskState: null, powerState: "pending" }, null, [step.succeeded()]);
  }

  async remove(taken: TakenOperation): Promise<void> {
    const { virt, networks, tracker, allocations } = this.world;
    const { context, server } = taken;
    await virt.destroy(context, server.id);
    await networks.unplug(context, server.id);
    if (!(await networks.deallocate(taken, taken.signal))) throw staleError(taken.id);
    await allocations.free(taken, taken.signal);
    tracker.release(server.id);
  }
}
