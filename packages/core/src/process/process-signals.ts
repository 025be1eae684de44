import cluster from "node:cluster";
import { messageOf } from "@kilonova/messaging";
import type { Logger } from "@kilonova/plugin-api";
import { isWorkerProcess } from "./worker-process.js";

/** What a process does when it is told something. */
export interface SignalHandlers {
  /** SIGTERM, SIGINT: drain and stop. Called once. */
  stop(signal: NodeJS.Signals): Promise<void>;
  /** SIGHUP */
  reload(): Promise<void>;
}

/** Ends the process at once. */
export type Leave = (code: number) => void;

/**
 * Listens to the process's signals. A second SIGINT or SIGTERM while it drains leaves at once; a worker leaves that to
 * its primary.
 *
 * @returns a function that stops listening
 */
export function onSignals(logger: Logger, handlers: SignalHandlers, leave: Leave = process.exit): () => void {
  const deaf = onStopSignals((signal) => {
    attempt(() => handlers.stop(signal)).catch((error) => {
      logger.error({ error: messageOf(error) }, "the process could not stop in order");
      leave(1);
    });
  }, leave);
  const reload = () => {
    attempt(() => handlers.reload()).catch((error) => {
      logger.error({ error: messageOf(error) }, "the configuration could not be read again");
    });
  };
  process.on("SIGHUP", reload);
  return () => {
    deaf();
    process.off("SIGHUP", reload);
  };
}

/**
 * Tells once that the process shall stop; a second signal leaves at once.
 *
 * Ctrl-C reaches a primary and its workers alike, and who stops a unit of systemd tells each of its processes: a worker
 * goes by SIGTERM alone, which it may hear twice, and by the loss of its primary.
 */
export function onStopSignals(tell: (signal: NodeJS.Signals) => void, leave: Leave = process.exit): () => void {
  let isTold = false;
  const isWorker = isWorkerProcess();
  const hear = (signal: NodeJS.Signals) => {
    if (isTold && !isWorker) return leave(signal === "SIGINT" ? 130 : 143);
    if (isTold) return;
    isTold = true;
    tell(signal);
  };
  if (!isWorker) {
    process.on("SIGINT", hear).on("SIGTERM", hear);
    return () => void process.off("SIGINT", hear).off("SIGTERM", hear);
  }
  const ignore = () => {};
  const { worker } = cluster;
  const orphaned = () => {
    // Node would end a worker that has lost its primary at once: it shall drain.
    if (worker) worker.exitedAfterDisconnect = true;
    hear("SIGTERM");
  };
  process.on("SIGINT", ignore).on("SIGTERM", hear);
  worker?.on("disconnect", orphaned);
  return () => {
    process.off("SIGINT", ignore).off("SIGTERM", hear);
    worker?.off("disconnect", orphaned);
  };
}

async function attempt(handler: () => Promise<void>): Promise<void> {
  await handler();
}
