import { type EndedOperation, finishOperation, type OperationEnd, type Step } from "@kilonova/compute-store";
import type { Database } from "@kilonova/database";
import { RequestContext } from "@kilonova/messaging";
import { INSTANCE_NOTIFICATIONS, type Notifications } from "@kilonova/plugin-api";

/**
 * Where every operation ends that is not overtaken by a newer one: only here is it known for good how. Whoever wrote the end
 * down tells of it, at most once: who dies between the two has told nobody.
 */
export class OperationEnds {
  constructor(
    private readonly database: Database,
    private readonly notifications: Notifications,
  ) {}

  /** As {@link finishOperation}. */
  finish(step: Step, end: OperationEnd): Promise<boolean> {
    return finishOperation(this.database, step, end, (ended) => this.#tell(ended));
  }

  #tell({ operation, server, fault }: EndedOperation): void {
    const { id: operationId, action, requestId, projectId, userId } = operation;
    const context = new RequestContext({ requestId, projectId, userId });
    const types = INSTANCE_NOTIFICATIONS[action];
    if (fault) this.notifications.error(context, types.error, { operationId, server, fault });
    else this.notifications.info(context, types.end, { operationId, server });
  }
}
