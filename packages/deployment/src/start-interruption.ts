import { KilonovaError } from "@kilonova/messaging";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Hears SIGINT and SIGTERM while a cloud is being started, when there is nothing yet that could drain: the start is given
 * up at its next step, and what was made by then is undone. A second signal leaves at once.
 */
export class StartInterruption {
  readonly #interrupted: Promise<never>;
  #isInterrupted = false;
  #interrupt: (error: Error) => void = () => {};
  readonly #hear = () => {
    if (this.#isInterrupted) process.exit(130);
    this.#isInterrupted = true;
    this.#interrupt(interruption());
  };

  constructor() {
    this.#interrupted = new Promise((_, reject) => {
      this.#interrupt = reject;
    });
    // Whoever waits hears of it; that nobody does is no failure.
    this.#interrupted.catch(() => {});
    for (const signal of SIGNALS) process.on(signal, this.#hear);
  }

  /** @throws KilonovaError `service.failedToStart` when a signal has come */
  check(): void {
    if (this.#isInterrupted) throw interruption();
  }

  /** Waits for something that may be left undone. @throws as `check` does, at once */
  race<Value>(work: Promise<Value>): Promise<Value> {
    return Promise.race([work, this.#interrupted]);
  }

  /** From here on signals are somebody else's. */
  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.#hear);
  }
}

function interruption(): KilonovaError {
  return new KilonovaError(
    "service.failedToStart",
    "The start was interrupted; what had been started is stopped again.",
  );
}
