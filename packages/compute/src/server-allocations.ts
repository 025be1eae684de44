import type { Placement } from "@kilonova/contracts";
import { patientCall } from "@kilonova/core";
import { KilonovaError, type RpcClient } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";
import { staleError } from "./stale.js";
import type { TakenOperation } from "./taken-operation.js";

/** What servers hold at placement. The scheduler and the conductor claim it; a compute only gives it back. */
export class ServerAllocations {
  constructor(
    private readonly placement: RpcClient<Placement>,
    private readonly clock: Clock,
  ) {}

  /** Gives back all that the server holds. Safe to repeat. @throws KilonovaError `operation.stale` */
  async free({ undoing, id, operation, server }: TakenOperation, signal: AbortSignal): Promise<void> {
    const { projectId, userId } = server;
    const claim = { consumerId: server.id, fence: operation.fence, projectId, userId, allocations: [] };
    const outcome = await patientCall(this.clock, signal, () =>
      this.placement.call.claim(undoing, { claims: [claim] }),
    );
    if (outcome.ok) return;
    if (outcome.refusal === "staleFence") throw staleError(id);
    throw new KilonovaError(
      "internal",
      `Placement refused to free the allocation of ${server.id}: ${outcome.refusal}.`,
    );
  }
}
