import type { RequestContext } from "@kilonova/messaging";
import type { z } from "zod";
import { token } from "./token.js";

const NOTIFICATION_TYPE: unique symbol = Symbol.for("kilonova.notification-type") as never;

/** `info`: something happened. `error`: something failed. */
export type NotificationPriority = "info" | "error";

/** A kind of notification as a value: its module exports it, whoever sends one names it, whoever receives one checks by it. */
export interface NotificationType<Payload extends z.ZodObject = z.ZodObject> {
  readonly [NOTIFICATION_TYPE]: true;
  /** `instance.create.end`, as OpenStack's consumers know it. */
  readonly eventType: string;
  /** Of the payload; follows semver. */
  readonly version: string;
  readonly payload: Payload;
  readonly description: string;
}

/** Declares a kind of notification. */
export function notificationType<Payload extends z.ZodObject>(
  eventType: string,
  spec: { readonly version: string; readonly payload: Payload; readonly description: string },
): NotificationType<Payload> {
  return { [NOTIFICATION_TYPE]: true, eventType, ...spec };
}

/** True for what {@link notificationType} of any copy of this package made. */
export function isNotificationType(value: unknown): value is NotificationType {
  return typeof value === "object" && value !== null && Reflect.get(value, NOTIFICATION_TYPE) === true;
}

/** What is told: plain JSON, all of it. */
export interface Notification {
  /** Unique; the same when it is delivered again. */
  readonly messageId: string;
  readonly eventType: string;
  readonly version: string;
  readonly priority: NotificationPriority;
  /** Who says so: `compute.host1`. */
  readonly publisherId: string;
  /** ISO 8601, in UTC. */
  readonly timestamp: string;
  readonly requestId: string;
  readonly projectId: string | null;
  readonly userId: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * Tells the world what happens. Neither waits nor throws: what cannot be delivered is logged and counted, and never
 * keeps an operation.
 */
export interface Notifications {
  info<Payload extends z.ZodObject>(
    context: RequestContext,
    type: NotificationType<Payload>,
    payload: z.input<Payload>,
  ): void;
  error<Payload extends z.ZodObject>(
    context: RequestContext,
    type: NotificationType<Payload>,
    payload: z.input<Payload>,
  ): void;
}

export const NOTIFICATIONS = token<Notifications>("notifications");
