import { parentPort, workerData } from "node:worker_threads";
import { LoopBeats } from "./loop-watch-beats.js";
import { type Culprit, culpritOf } from "./loop-watch-culprit.js";
import { LoopSilence } from "./loop-watch-silence.js";
import { stackOfMainThread } from "./loop-watch-stack.js";
import { STALL_INTERVAL, STALL_LIMIT } from "./stall-limit.js";

/** To ask costs the one who is asked some milliseconds: of stalls in a row, the first is asked about. Milliseconds. */
const ASK_EVERY = 1_000;

/** What the thread of {@link StallWatch} does. */
class StallWatchThread {
  readonly #silence: LoopSilence;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asked: Promise<Culprit | undefined> | undefined;
  #over = new AbortController();

  constructor(private readonly beats: LoopBeats) {
    this.#silence = new LoopSilence(STALL_LIMIT, STALL_INTERVAL, beats.now());
  }

  start(): void {
    setInterval(() => this.#look(), STALL_INTERVAL);
  }

  #look(): void {
    const state = this.#silence.look(this.beats.now(), this.beats.last);
    if (state.kind === "blocked") this.#asked ??= this.#culprit();
    if (state.kind !== "back") return;
    const asked = this.#asked;
    this.#asked = undefined;
    // An answer is on its way or will not come.
    const over = this.#over;
    setTimeout(() => over.abort(), ASK_EVERY).unref();
    void asked?.then((culprit) => parentPort?.postMessage({ length: state.length, culprit }));
  }

  async #culprit(): Promise<Culprit | undefined> {
    const now = this.beats.now();
    if (this.beats.isDebuggerOpen || now - this.#askedAt < ASK_EVERY) return undefined;
    this.#askedAt = now;
    this.#over = new AbortController();
    const since = this.beats.last;
    try {
      return culpritOf((await stackOfMainThread(() => this.beats.last === since, this.#over.signal)) ?? []);
    } catch {
      return undefined;
    }
  }
}

new StallWatchThread(new LoopBeats(workerData as SharedArrayBuffer)).start();
