import { type Options, systemClock } from "@kilonova/plugin-api";
import { webhookOptions } from "../options.js";
import { WebhookNotifier } from "../webhook-notifier.js";

/** A notifier of which a test says what matters to it. */
export function makeNotifier(settings: Partial<Options<typeof webhookOptions>>, clock = systemClock): WebhookNotifier {
  return new WebhookNotifier({ ...webhookOptions.schema.parse({}), ...settings }, clock);
}
