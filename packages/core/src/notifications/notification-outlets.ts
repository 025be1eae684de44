import type { Options } from "@kilonova/config";
import { type NotificationsContract, notificationsContract, notificationsOn } from "@kilonova/contracts";
import { type FailureObserver, messageOf, RequestContext, type Rpc, type RpcClient } from "@kilonova/messaging";
import {
  drivers,
  isKilonovaError,
  type Logger,
  type Notification,
  type Notifier,
  rpcError,
} from "@kilonova/plugin-api";
import type { Container } from "../container/container.js";
import type { notificationsOptions } from "../options.js";
import type { NotificationCenter } from "./notification-center.js";
import type { NotificationOutlet } from "./notification-queue.js";

/** Asks for the notifiers in use. */
class NotifiersInUse {
  constructor(@drivers("notifications.notifiers") readonly notifiers: readonly Notifier[]) {}
}

/**
 * Has notifications go to the topics and notifiers that the options name.
 *
 * @throws KilonovaError `object.*`, `plugin.unfit` for a notifier that the process does not go on without
 */
export async function connectNotifications(
  center: NotificationCenter,
  { topics }: Pick<Options<typeof notificationsOptions>, "topics">,
  rpc: Rpc,
  container: Container,
): Promise<void> {
  const { notifiers } = await container.build(NotifiersInUse);
  for (const notifier of notifiers) center.add(notifier.constructor.name, notifier);
  for (const topic of topics) center.add(`topic ${topic}`, new TopicOutlet(rpc, topic));
}

/** Logs each failure of an RPC method, and notifies of it. */
export function failureObserver(logger: Logger, center: NotificationCenter): FailureObserver {
  return ({ address, contract, method, context, error }) => {
    const message = messageOf(error);
    const { requestId } = context;
    // What lies behind it is for the log alone: it may name what neither the caller nor a web hook is to know.
    const cause = error instanceof Error && error.cause !== undefined ? { cause: messageOf(error.cause) } : {};
    if (contract === undefined || method === undefined) {
      logger.warn({ service: address.topic, error: message, ...cause }, "a message was refused");
      return;
    }
    logger.warn(
      { service: address.topic, contract, method, requestId, error: message, ...cause },
      "an RPC method failed",
    );
    // Who takes notifications and fails would be told of its own failure, and fail again.
    if (contract === notificationsContract.name) return;
    const code = isKilonovaError(error) ? error.code : "rpc.failed";
    const payload = { contract, method, code, message: message.slice(0, LONGEST_MESSAGE) };
    center.publisher(`${address.topic}.${address.server}`).error(context, rpcError, payload);
  };
}

/** Characters */
const LONGEST_MESSAGE = 10_000;

/** Casts to a topic. */
class TopicOutlet implements NotificationOutlet {
  readonly #client: RpcClient<NotificationsContract>;

  constructor(rpc: Rpc, topic: string) {
    this.#client = rpc.client(notificationsOn(topic));
  }

  async notify(notification: Notification): Promise<void> {
    const { requestId, projectId, userId } = notification;
    const context = new RequestContext({
      requestId,
      ...(projectId === null ? {} : { projectId }),
      ...(userId === null ? {} : { userId }),
    });
    await this.#client.cast.notify(context, notification);
  }

  async close(): Promise<void> {}
}
