import { inject, LOGGER, type Logger, type Notification, Notifier } from "@kilonova/plugin-api";

/** Writes each notification as a line of the process's log: an error as a warning, what else happens as information. */
export class LogNotifier extends Notifier {
  constructor(@inject(LOGGER) private readonly logger: Logger) {
    super();
  }

  override async notify(notification: Notification): Promise<void> {
    const sentence = `notification ${notification.eventType}`;
    if (notification.priority === "error") this.logger.warn({ notification }, sentence);
    else this.logger.info({ notification }, sentence);
  }
}
