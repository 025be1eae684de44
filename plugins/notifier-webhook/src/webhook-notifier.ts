import {
  CLOCK,
  type Clock,
  clientTls,
  hasTlsFiles,
  httpFetch,
  inject,
  messageOf,
  type Notification,
  Notifier,
  type Options,
  options,
} from "@kilonova/plugin-api";
import { webhookOptions } from "./options.js";
import { signingKey } from "./signature.js";
import { Webhook } from "./webhook.js";

/**
 * Posts each notification as JSON to the addresses of option `webhook.urls`, signed as Standard Webhooks has it. Several are
 * on their way at once: they arrive in no order, and one that is tried again after those that came later.
 */
export class WebhookNotifier extends Notifier {
  readonly #webhooks: readonly Webhook[];
  readonly #events: readonly string[];
  readonly #pending = new Set<Promise<unknown>>();

  constructor(@options(webhookOptions) settings: Options<typeof webhookOptions>, @inject(CLOCK) clock: Clock) {
    super();
    const { urls, secret, events, timeout, tries, backoff } = settings;
    if (urls.length === 0) throw new Error("webhook.urls is empty: it says where notifications are posted to");
    const key = secret === undefined ? {} : { key: signingKey(secret) };
    const ask = httpFetch(hasTlsFiles(settings) ? clientTls("webhook", settings) : undefined);
    this.#webhooks = urls.map((url) => new Webhook(url, { ask, clock, timeout, tries, backoff, ...key }));
    this.#events = events;
  }

  /** @throws Error where an address did not take it, naming all that did not */
  override async notify(notification: Notification, signal: AbortSignal): Promise<void> {
    if (!this.#isWanted(notification.eventType)) return;
    const body = JSON.stringify(notification);
    const posts = this.#webhooks.map((webhook) => webhook.post(notification.messageId, body, signal));
    const all = Promise.allSettled(posts);
    this.#pending.add(all);
    const failures = (await all).filter((outcome) => outcome.status === "rejected");
    this.#pending.delete(all);
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => messageOf(reason)).join("; "));
  }

  override async close(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #isWanted(eventType: string): boolean {
    if (this.#events.length === 0) return true;
    return this.#events.some(
      (wanted) => wanted === eventType || (wanted.endsWith("*") && eventType.startsWith(wanted.slice(0, -1))),
    );
  }
}
