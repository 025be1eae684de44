import { messageOf } from "@kilonova/messaging";
import type { Logger } from "@kilonova/plugin-api";

/** What a process does when it is told something. */
export interface SignalHandlers {
  /** SIGTERM, SIGINT: drain and stop. Called once. */
  stop(signal: NodeJS.Signals): Promise<void>;
  /** SIGHUP */
  reload(): Promise<void>;
}

/**
 * Listens to the process's signals. A second SIGINT or SIGTERM while it drains leaves at once.
 *
 * @returns a function that stops listening
 */
export function onSignals(
  logger: Logger,
  handlers: SignalHandlers,
  leave: (code: number) => void = process.exit,
): () => void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) return leave(signal === "SIGINT" ? 130 : 143);
    isStopping = true;
    attempt(() => handlers.stop(signal)).catch((error) => {
      logger.error({ error: messageOf(error) }, "the process could not stop in order");
      leave(1);
    });
  };
  const reload = () => {
    attempt(() => handlers.reload()).catch((error) => {
      logger.error({ error: messageOf(error) }, "the configuration could not be read again");
    });
  };
  process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", reload);
  return () => {
    process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", reload);
  };
}

async function attempt(handler: () => Promise<void>): Promise<void> {
  await handler();
}
