import { KilonovaError } from "@kilonova/messaging";
import { onStopSignals } from "./process-signals.js";

/**
 * Hears SIGINT and SIGTERM while a process starts, when there is nothing yet that could drain: the start is given up at
 * its next step, and what was made by then is undone. A second signal leaves at once; SIGHUP does nothing, for options
 * are being read anyway.
 */
export class StartInterruption {
  readonly #interrupted = new AbortController();
  readonly #never: Promise<never>;
  readonly #deaf: () => void;

  constructor() {
    const { signal } = this.#interrupted;
    this.#never = new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    // Whoever waits hears of it; that nobody does is no failure.
    this.#never.catch(() => {});
    this.#deaf = onStopSignals(() => this.#interrupted.abort(interruption()));
    process.on("SIGHUP", ignore);
  }

  /** Aborts when a signal has come. */
  get signal(): AbortSignal {
    return this.#interrupted.signal;
  }

  /** @throws KilonovaError `service.failedToStart` when a signal has come */
  check(): void {
    this.signal.throwIfAborted();
  }

  /** Waits for something that may be left undone. @throws as `check` does, at once */
  race<Value>(work: Promise<Value>): Promise<Value> {
    return Promise.race([work, this.#never]);
  }

  /**
   * Waits for something that has to be closed: what arrives after a signal has come is closed then.
   *
   * @throws as `check` does, at once
   */
  async raceFor<Value>(work: Promise<Value>, close: (late: Value) => Promise<unknown>): Promise<Value> {
    try {
      this.check();
      return await this.race(work);
    } catch (error) {
      work.then(close).catch(() => {});
      throw error;
    }
  }

  /**
   * Waits for something that can be given up.
   *
   * @param giveUp called when a signal comes
   * @throws as `check` does, once the work has ended with a failure
   */
  async whileStarting<Value>(work: Promise<Value>, giveUp: () => Promise<void>): Promise<Value> {
    const onAbort = () => void giveUp().catch(() => {});
    this.signal.addEventListener("abort", onAbort);
    try {
      return await work;
    } catch (error) {
      this.check();
      throw error;
    } finally {
      this.signal.removeEventListener("abort", onAbort);
    }
  }

  /** From here on signals are somebody else's. Safe to repeat. */
  end(): void {
    this.#deaf();
    process.off("SIGHUP", ignore);
  }
}

function ignore(): void {}

function interruption(): KilonovaError {
  return new KilonovaError(
    "service.failedToStart",
    "The start was interrupted; what had been started is stopped again.",
  );
}
