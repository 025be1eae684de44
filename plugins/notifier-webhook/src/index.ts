export { webhookOptions } from "./options.js";
export { WebhookNotifier } from "./webhook-notifier.js";
