import { method, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { identifier, instant } from "./identifier.js";

/** A notification on its way: see `Notification` of plugin-api. */
export const notificationSchema = z.object({
  messageId: z.string(),
  eventType: z.string(),
  version: z.string(),
  priority: z.enum(["info", "error"]),
  publisherId: z.string(),
  timestamp: instant,
  requestId: z.string(),
  projectId: identifier.nullable(),
  userId: identifier.nullable(),
  payload: z.record(z.string(), z.unknown()),
});

/**
 * What a service answers that takes notifications from a topic which option `notifications.topics` names. A notification
 * may come again: whoever must not count one twice goes by its id.
 *
 * @example
 * @manager(notificationsOn("audit"))
 * class AuditManager extends Manager implements Handlers<NotificationsContract> { … }
 */
export function notificationsOn(topic: string) {
  return rpcContract("notifications", "1.0", { notify: method({ args: notificationSchema }) }, { topic });
}

/** The same on the topic of its own name. */
export const notificationsContract = notificationsOn("notifications");

export type NotificationsContract = typeof notificationsContract;
