import type { NotificationPriority, Notifications } from "@kilonova/plugin-api";

/** A notification as a test sees it. */
export interface Told {
  readonly eventType: string;
  readonly priority: NotificationPriority;
  readonly requestId: string;
  /** As its type lets it through. */
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Keeps what is told. */
export function recordingNotifications(told: Told[]): Notifications {
  const teller =
    (priority: NotificationPriority): Notifications["info"] =>
    ({ requestId }, { eventType, payload: schema }, payload) => {
      told.push({ eventType, priority, requestId, payload: schema.parse(payload) });
    };
  return { info: teller("info"), error: teller("error") };
}
