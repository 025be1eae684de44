import type { Logger } from "@kilonova/plugin-api";
import { onSignals } from "./process-signals.js";

/** What a process does until it is told to stop. */
export interface ProcessWork {
  stop(): Promise<void>;
  /** SIGHUP */
  reload(): Promise<void>;
}

/** A process at work. */
export interface WorkingProcess {
  /** Resolves when it has been told to stop, and has. */
  wait(): Promise<void>;
  /** Safe to repeat. */
  stop(): Promise<void>;
}

/** Has a process work until a signal, or `stop`, ends it. */
export function untilStopped(logger: Logger, work: ProcessWork): WorkingProcess {
  let stopping: Promise<void> | undefined;
  let settle: (stopped: Promise<void>) => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    settle = resolve;
  });
  // Who told it to stop hears of a failure; that nobody waits besides is none.
  stopped.catch(() => {});
  const stop = () => {
    stopping ??= work.stop().finally(() => deaf());
    settle(stopping);
    return stopping;
  };
  const deaf = onSignals(logger, { stop, reload: () => work.reload() });
  return { stop, wait: () => stopped };
}
