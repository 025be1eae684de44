import { randomUUID } from "node:crypto";
import type { Notification } from "@kilonova/plugin-api";

/** A notification with an id of its own, of what a test says and a server's creation for the rest. */
export function sampleNotification(changes: Partial<Notification> = {}): Notification {
  return {
    messageId: randomUUID(),
    eventType: "instance.create.end",
    version: "1.0",
    priority: "info",
    publisherId: "compute.host1",
    timestamp: "2030-01-01T00:00:00.000Z",
    requestId: `req-${randomUUID()}`,
    projectId: "project",
    userId: "user",
    payload: { instanceId: randomUUID(), name: "sample", host: "host1" },
    ...changes,
  };
}

/** Notifications of all sorts: whoever delivers them has to cope with each. */
export function assortedNotifications(): readonly Notification[] {
  return [
    sampleNotification(),
    sampleNotification({
      eventType: "rpc.error",
      priority: "error",
      payload: { code: "rpc.failed", message: "broken" },
    }),
    sampleNotification({ projectId: null, userId: null, payload: {} }),
    sampleNotification({
      payload: { words: 'Grüße, 世界 \u{1F30C} \u0000\r\n"\\ ', nothing: null, yes: true, pi: 3.14 },
    }),
    sampleNotification({ payload: { deep: { list: [{ in: [["it"]] }, [], {}] } } }),
    sampleNotification({ payload: { long: "x".repeat(100_000) } }),
  ];
}
