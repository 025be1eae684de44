import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { LogFields } from "@kilonova/plugin-api";
import type { ProcessLogger } from "../logging.js";
import { type LogLevel, LoopBeats, type LoopWatchThreadData } from "./loop-watch-beats.js";
import { type Culprit, culpritOf, culpritText } from "./loop-watch-culprit.js";
import { LoopSilence } from "./loop-watch-silence.js";
import { stackOfMainThread } from "./loop-watch-stack.js";

/** Milliseconds until it is said that nobody answers. */
const ANSWER_TIME = 1_000;

/** What the thread of {@link LoopWatch} does. It writes its lines itself: the main thread is blocked. */
class LoopWatchThread {
  readonly #beats: LoopBeats;
  readonly #silence: LoopSilence;
  #level: LogLevel;
  #logger: Promise<ProcessLogger> | undefined;
  /** Ends what is being told of the present blockage. */
  #over: AbortController | undefined;
  /** Of the present blockage, or the one before. Milliseconds. */
  #length = 0;

  constructor(private readonly data: LoopWatchThreadData) {
    this.#beats = new LoopBeats(data.beats);
    this.#silence = new LoopSilence(data.limit, data.interval, this.#beats.now());
    this.#level = data.log.level;
  }

  start(): void {
    parentPort?.on("message", (level: LogLevel) => {
      this.#level = level;
      void this.#logger?.then((logger) => logger.setLevel(level));
    });
    setInterval(() => this.#look(), this.data.interval);
  }

  #look(): void {
    const state = this.#silence.look(this.#beats.now(), this.#beats.last, this.#beats.isDebuggerOpen);
    if (state.kind === "beating") return;
    this.#length = state.length;
    if (state.kind === "back") this.#over?.abort();
    else if (!this.#over) void this.#follow();
  }

  /** Tells of one blockage, from its beginning to its end. */
  async #follow(): Promise<void> {
    const over = new AbortController();
    const { signal } = over;
    const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    this.#over = over;
    const asked = this.#culprit(signal);
    const early = await Promise.race([asked, sleep(ANSWER_TIME, undefined, { signal }).catch(() => undefined)]);
    if (!signal.aborted) await this.#say(early, (length, who) => `the event loop has been blocked for ${length}${who}`);
    await ended;
    this.#over = undefined;
    await this.#say(await asked, (length, who) => `the event loop is free again: it was blocked for ${length}${who}`);
  }

  async #culprit(signal: AbortSignal): Promise<Culprit | undefined> {
    const since = this.#beats.last;
    try {
      return culpritOf((await stackOfMainThread(() => this.#beats.last === since, signal)) ?? []);
    } catch {
      return undefined;
    }
  }

  async #say(culprit: Culprit | undefined, sentence: (length: string, who: string) => string): Promise<void> {
    const length = this.#length;
    const fields: LogFields = { blockedFor: Math.round(length), ...culprit };
    const logger = await this.#openLog();
    logger.warn(fields, sentence(`${(length / 1_000).toFixed(1)} s`, by(culprit)));
  }

  /** Loaded when there is something to say: a thread that watches holds little. */
  #openLog(): Promise<ProcessLogger> {
    this.#logger ??= import("../logging.js").then(({ processLogger }) =>
      processLogger({ ...this.data.log, level: this.#level }, this.data.fields),
    );
    return this.#logger;
  }
}

function by(culprit: Culprit | undefined): string {
  if (culprit) return ` by ${culpritText(culprit)}`;
  if (!process.features.inspector) return "; this Node has no inspector that could tell by what";
  return " by something outside JavaScript, such as a system call that waits";
}

new LoopWatchThread(workerData as LoopWatchThreadData).start();
