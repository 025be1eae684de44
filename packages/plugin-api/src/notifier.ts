import type { Notification } from "./notification.js";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";

/**
 * Takes notifications out of the cloud: to a log, a web hook, a bus. `notifications.notifiers` lists those in use; one
 * object per process. It calls no service of the cloud: a call that fails is a notification again.
 */
export abstract class Notifier {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "notifier", version: 1 };

  /**
   * Delivers one. Called for several at the same time, eight at most, so that order is not kept; what it throws is logged and
   * counted, and the notification is not given to it again: whoever must lose none tries again by itself, within the time of
   * the signal.
   *
   * @param signal aborts when the process leaves, or after `notifications.timeLimit`
   */
  abstract notify(notification: Notification, signal: AbortSignal): Promise<void>;

  /** The process leaves: what is pending may still be sent. Nothing is given to it any more. */
  async close(): Promise<void> {}
}
