import type { TakenOperation } from "@kilonova/compute-store";
import { type Claim, type Destination, networkContract, placementContract } from "@kilonova/contracts";
import { patientCall } from "@kilonova/core";
import type { RequestContext } from "@kilonova/messaging";
import { contextOf } from "./taken.js";
import type { ConductorWorld } from "./world.js";

/** What came of asking for something under a fence. */
export type Granted = "granted" | "refused" | "stale";

/** What a server has at placement and in the network, as a conductor changes it under the fence of an operation. */
export class ServerResources {
  constructor(private readonly world: ConductorWorld) {}

  /** Claims a host in place of whatever the server has; refused, too, where its server group would not have it there. */
  async claim(taken: TakenOperation, { providerId, allocations }: Destination): Promise<Granted> {
    const group = taken.requestSpec?.group;
    return await this.#claim(taken, { allocations, providerId, ...(group ? { group } : {}) });
  }

  /**
   * Takes everything from a server: allocations and addresses. Safe to repeat.
   *
   * @returns false where a newer owner sees to it
   */
  async release(taken: TakenOperation): Promise<boolean> {
    const { server, operation } = taken;
    if ((await this.#claim(taken, { allocations: [] })) === "stale") return false;
    const context = contextOf(taken);
    const freed = await this.#patiently(context, () =>
      this.world.rpc
        .client(networkContract)
        .call.deallocateForServer(context, { serverId: server.id, fence: operation.fence }),
    );
    return freed.ok;
  }

  async #claim(taken: TakenOperation, wanted: Pick<Claim, "allocations" | "providerId" | "group">): Promise<Granted> {
    const { id: consumerId, projectId, userId } = taken.server;
    const { fence } = taken.operation;
    const claim = { consumerId, fence, projectId, userId, ...wanted };
    const context = contextOf(taken);
    const outcome = await this.#patiently(context, () =>
      this.world.rpc.client(placementContract).call.claim(context, { claims: [claim] }),
    );
    if (outcome.ok) return "granted";
    return outcome.refusal === "staleFence" ? "stale" : "refused";
  }

  #patiently<Value>(context: RequestContext, call: () => Promise<Value>): Promise<Value> {
    return patientCall(this.world.clock, context.signal, call, this.world.options.stepTimeout);
  }
}
