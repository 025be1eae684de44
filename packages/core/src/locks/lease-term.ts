import type { Clock } from "@kilonova/plugin-api";

/**
 * The time for which a lease holds, counted from before it is asked for. It is slept through, not read off the clock, which
 * somebody may set back: then the lease would seem to hold when it has long run out where it is kept.
 */
export class LeaseTerm {
  readonly #cancelled = new AbortController();
  readonly #over = new AbortController();

  /** @param milliseconds how long it holds */
  constructor(clock: Clock, milliseconds: number) {
    clock.sleep(milliseconds, this.#cancelled.signal).then(
      () => this.#over.abort(),
      () => {},
    );
  }

  /** Aborts when it has run out. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** It does not matter any more: another one holds, or the lease is given up. */
  cancel(): void {
    this.#cancelled.abort();
  }
}
