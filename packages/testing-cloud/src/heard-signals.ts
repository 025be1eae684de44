const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Remembers the signal by which a cloud is told to stop. The cloud hears it as well and ends in order; then the process
 * has to go as it would have gone without a cloud in it.
 */
export class HeardSignals {
  #heard: (typeof SIGNALS)[number] | undefined;
  readonly #hear = (signal: NodeJS.Signals) => {
    this.#heard = SIGNALS.find((each) => each === signal);
  };

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#hear);
  }

  /** Listens no longer. What came meanwhile is given to the process again, unless somebody else hears it. Safe to repeat. */
  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.#hear);
    const heard = this.#heard;
    this.#heard = undefined;
    if (heard !== undefined && process.listenerCount(heard) === 0) process.kill(process.pid, heard);
  }
}
