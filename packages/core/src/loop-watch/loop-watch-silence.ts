/** What a look at the beats has shown. Lengths are milliseconds, and err by one interval, downwards. */
export type LoopState =
  | { readonly kind: "beating" }
  /** Seen at each look until it is back. */
  | { readonly kind: "blocked"; readonly length: number }
  /** Seen once. */
  | { readonly kind: "back"; readonly length: number };

const BEATING: LoopState = { kind: "beating" };

/**
 * Tells a loop that is blocked from one that beats. All times are milliseconds of one clock. Where the looks themselves did
 * not come, the whole process did not run, stopped or suspended: that time is not the loop's.
 */
export class LoopSilence {
  #beat: number;
  #lookedAt: number;
  #notRunning = 0;
  #isBlocked = false;

  /** @param since from when on somebody looks: what was before nobody knows */
  constructor(
    private readonly limit: number,
    private readonly interval: number,
    private readonly since: number,
  ) {
    this.#beat = since;
    this.#lookedAt = since;
  }

  /**
   * To be called at each interval.
   *
   * @param lastBeat when the loop beat last
   */
  look(now: number, lastBeat: number): LoopState {
    const beat = Math.max(lastBeat, this.since);
    const late = now - this.#lookedAt - this.interval;
    this.#lookedAt = now;
    if (late > this.interval) this.#notRunning += late;
    if (beat !== this.#beat) return this.#beatAt(beat);
    const length = this.#lengthUntil(now);
    if (!this.#isBlocked && length < this.limit) return BEATING;
    this.#isBlocked = true;
    return { kind: "blocked", length };
  }

  #beatAt(beat: number): LoopState {
    const length = this.#lengthUntil(beat);
    const wasBlocked = this.#isBlocked;
    this.#beat = beat;
    this.#notRunning = 0;
    this.#isBlocked = false;
    return wasBlocked ? { kind: "back", length } : BEATING;
  }

  /** The loop was free for up to an interval after its last beat. */
  #lengthUntil(instant: number): number {
    return Math.max(0, instant - this.#beat - this.#notRunning - this.interval);
  }
}
