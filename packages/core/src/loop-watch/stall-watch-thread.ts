import { parentPort, workerData } from "node:worker_threads";
import { LoopBeats } from "./loop-watch-beats.js";
import { type Culprit, culpritOf } from "./loop-watch-culprit.js";
import { LoopSilence } from "./loop-watch-silence.js";
import { stackOfMainThread } from "./loop-watch-stack.js";
import { STALL_INTERVAL, STALL_LIMIT } from "./stall-limit.js";

/** What it is given. */
export interface StallWatchThreadData {
  readonly beats: SharedArrayBuffer;
  /** Milliseconds between two questions. */
  readonly askEvery: number;
}

/** Milliseconds after the end of a stall until an answer is not waited for any more. */
const ANSWER_TIME = 1_000;

/** A question to the engine. */
interface Question {
  /** Milliseconds that the stall was long already. */
  readonly length: number;
  readonly answer: Promise<{ readonly culprit: Culprit | undefined; readonly took: number }>;
  readonly over: AbortController;
}

/** What the thread of {@link StallWatch} does. */
class StallWatchThread {
  readonly #silence: LoopSilence;
  #askedAt: number;
  #question: Question | undefined;

  constructor(
    private readonly beats: LoopBeats,
    private readonly askEvery: number,
  ) {
    this.#silence = new LoopSilence(STALL_LIMIT, STALL_INTERVAL, beats.now());
    this.#askedAt = beats.now();
  }

  start(): void {
    setInterval(() => this.#look(), STALL_INTERVAL);
  }

  #look(): void {
    const now = this.beats.now();
    const state = this.#silence.look(now, this.beats.last);
    if (state.kind === "blocked" && !this.#question && this.#mayAsk(now)) this.#question = this.#ask(now, state.length);
    if (state.kind !== "back") return;
    const question = this.#question;
    this.#question = undefined;
    void this.#tell(state.length, question);
  }

  #mayAsk(now: number): boolean {
    return !this.beats.isDebuggerOpen && now - this.#askedAt >= this.askEvery;
  }

  #ask(now: number, length: number): Question {
    this.#askedAt = now;
    const over = new AbortController();
    const since = this.beats.last;
    const answer = stackOfMainThread(() => this.beats.last === since, over.signal)
      .catch(() => undefined)
      .then((stack) => ({ culprit: culpritOf(stack ?? []), took: this.beats.now() - now }));
    return { length, answer, over };
  }

  /** The question itself holds the loop: that is not the time of who is named. */
  async #tell(length: number, question: Question | undefined): Promise<void> {
    if (!question) return parentPort?.postMessage({ length });
    const timer = setTimeout(() => question.over.abort(), ANSWER_TIME);
    const { culprit, took } = await question.answer;
    clearTimeout(timer);
    parentPort?.postMessage({ length: Math.max(question.length, length - took), culprit });
  }
}

const { beats, askEvery } = workerData as StallWatchThreadData;
new StallWatchThread(new LoopBeats(beats), askEvery).start();
