import { randomUUID } from "node:crypto";
import type { Options } from "@kilonova/config";
import { messageOf, type RequestContext } from "@kilonova/messaging";
import type {
  Clock,
  Logger,
  Notification,
  NotificationPriority,
  Notifications,
  NotificationType,
} from "@kilonova/plugin-api";
import { z } from "zod";
import { frozenCopy } from "../hooks/frozen-copy.js";
import type { notificationsOptions } from "../options.js";
import { type NotificationOutlet, NotificationQueue, type NotifierCount } from "./notification-queue.js";

export interface NotificationCenterSettings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: Pick<Options<typeof notificationsOptions>, "timeLimit" | "queueSize">;
}

/** Characters of a payload as JSON. */
const LONGEST_PAYLOAD = 256 * 1024;

/**
 * Hands what is told to everyone who takes notifications, each by a queue of its own: one that is slow or broken costs
 * neither the others nor whoever tells.
 */
export class NotificationCenter {
  readonly #queues: NotificationQueue[] = [];

  constructor(private readonly settings: NotificationCenterSettings) {}

  /** Someone who takes notifications from now on. */
  add(name: string, outlet: NotificationOutlet): void {
    const { clock, logger, options } = this.settings;
    this.#queues.push(new NotificationQueue(name, outlet, { clock, logger, ...options }));
  }

  /**
   * What a service tells by.
   *
   * @param publisherId `compute.host1`
   */
  publisher(publisherId: string): Notifications {
    const teller =
      (priority: NotificationPriority) =>
      <Payload extends z.ZodObject>(
        context: RequestContext,
        type: NotificationType<Payload>,
        payload: z.input<Payload>,
      ) =>
        this.#tell(publisherId, priority, context, type, payload);
    return { info: teller("info"), error: teller("error") };
  }

  counts(): readonly NotifierCount[] {
    return this.#queues.map(({ count }) => count);
  }

  /** Delivers what waits, for seconds at most, and lets go of the notifiers. What is told from then on is dropped. */
  async close(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.close()));
  }

  #tell(
    publisherId: string,
    priority: NotificationPriority,
    context: RequestContext,
    type: NotificationType,
    payload: unknown,
  ): void {
    if (this.#queues.length === 0) return;
    try {
      const { requestId, projectId = null, userId = null } = context;
      const { eventType, version } = type;
      const timestamp = new Date(this.settings.clock.now()).toISOString();
      const head = { messageId: randomUUID(), eventType, version, priority, publisherId, timestamp };
      const told: Notification = { ...head, requestId, projectId, userId, payload: snapshot(type, payload) };
      const notification = Object.freeze(told);
      for (const queue of this.#queues) queue.offer(notification);
    } catch (error) {
      const { eventType } = type;
      this.settings.logger.error(
        { eventType, publisherId, error: messageOf(error) },
        "a notification could not be told",
      );
    }
  }
}

/** The payload as its type has it and as JSON will carry it; what the sender does to it later changes nothing. */
function snapshot(type: NotificationType, payload: unknown): Notification["payload"] {
  const parsed = type.payload.safeParse(payload);
  if (!parsed.success) throw new TypeError(`its payload does not fit its type: ${z.prettifyError(parsed.error)}`);
  const text = JSON.stringify(parsed.data);
  if (text.length > LONGEST_PAYLOAD) {
    throw new RangeError(`its payload is ${text.length} characters long, ${LONGEST_PAYLOAD} are allowed`);
  }
  return frozenCopy(JSON.parse(text)) as Notification["payload"];
}
