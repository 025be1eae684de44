import type { OperationRecord } from "@kilonova/compute-store";
import type { OperationEvent } from "@kilonova/contracts";
import { hostId } from "./host-id.js";
import { isoMicroseconds } from "./instant.js";

/** One of `GET /servers/{id}/os-instance-actions`. */
export function instanceActionView(action: OperationRecord, minor: number) {
  return {
    action: action.action,
    instance_uuid: action.serverId,
    request_id: action.requestId,
    user_id: action.userId,
    project_id: action.projectId,
    start_time: isoMicroseconds(action.createdAt),
    message: action.state === "failed" ? "Error" : null,
    ...(minor >= 58 ? { updated_at: isoMicroseconds(action.updatedAt) } : undefined),
  };
}

/** What of its events whoever asks may see. */
export interface EventLook {
  readonly minor: number;
  readonly projectId: string;
  /** Hosts and traces, for administrators. */
  readonly everything: boolean;
  /** What went wrong, in words. */
  readonly details: boolean;
}

/** One of the events of `GET /servers/{id}/os-instance-actions/{request_id}`. */
export function actionEventView(event: OperationEvent, { minor, projectId, everything, details }: EventLook) {
  return {
    event: event.event,
    start_time: isoMicroseconds(event.startedAt),
    finish_time: isoMicroseconds(event.finishedAt),
    result: event.result,
    ...(everything ? { traceback: event.result === "Error" ? event.details : null } : undefined),
    ...(everything && minor >= 62 ? { host: event.host } : undefined),
    ...(minor >= 62 ? { hostId: hostId(projectId, event.host) } : undefined),
    ...(details && minor >= 84 ? { details: event.details } : undefined),
  };
}
