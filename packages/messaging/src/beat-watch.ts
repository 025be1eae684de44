import { KilonovaError } from "./kilonova-error.js";

/** Who works on a call beats this often. Milliseconds. */
export const BEAT_INTERVAL = 10_000;
/** A long call whose peer was silent for so long is given up. Milliseconds. */
export const BEAT_TIMEOUT = 30_000;

/** Gives a long call up when its peer falls silent. */
export class BeatWatch {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;

  constructor(private readonly what: string) {
    this.#timer = this.#arm();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  beat(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#arm();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  verdict(): KilonovaError | undefined {
    if (!this.signal.aborted) return undefined;
    return new KilonovaError(
      "rpc.peerLost",
      `${this.what}: whoever worked on it has been silent for ${BEAT_TIMEOUT / 1_000} s.`,
    );
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(), BEAT_TIMEOUT);
  }
}
