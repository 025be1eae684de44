import type { Step, TakenOperation } from "@kilonova/compute-store";
import type { OperationEvent } from "@kilonova/contracts";
import { RequestContext } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";

/** The step of a conductor that has taken an operation. */
export function stepOf({ operation }: TakenOperation): Step {
  return { operationId: operation.id, fence: operation.fence, host: null };
}

/** The request that asked for an operation, with the rights to carry it out. */
export function contextOf({ operation }: TakenOperation): RequestContext {
  const { requestId, userId, projectId } = operation;
  return new RequestContext({ requestId, userId, projectId }).elevated();
}

/** Begins an event of an operation; what is called at the end says how it went. */
export function beginEvent(clock: Clock, event: string) {
  const startedAt = new Date(clock.now()).toISOString();
  return (result: OperationEvent["result"], details: string | null = null): OperationEvent => ({
    event,
    host: null,
    startedAt,
    finishedAt: new Date(clock.now()).toISOString(),
    result,
    details,
  });
}
