import { writeSync } from "node:fs";
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
  #level: LogLevel | undefined;
  #logger: Promise<ProcessLogger> | undefined;
  /** Ends what is being told of the present blockage. */
  #over: AbortController | undefined;
  /** Of the present blockage, or the one before. Milliseconds. */
  #length = 0;

  constructor(private readonly data: LoopWatchThreadData) {
    this.#beats = new LoopBeats(data.beats);
    this.#silence = new LoopSilence(data.limit, data.interval, this.#beats.now());
    this.#level = data.log?.level;
  }

  start(): void {
    parentPort?.on("message", (level: LogLevel) => {
      this.#level = level;
      void this.#logger?.then((logger) => logger.setLevel(level));
    });
    setInterval(() => this.#look(), this.data.interval);
  }

  #look(): void {
    const state = this.#silence.look(this.#beats.now(), this.#beats.last);
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
    if (!signal.aborted)
      await this.#say(early, (length, who) => `the event loop has been blocked for ${length}${who}${this.#remedy()}`);
    await ended;
    this.#over = undefined;
    await this.#say(await asked, (length, who) => `the event loop is free again: it was blocked for ${length}${who}`);
  }

  async #culprit(signal: AbortSignal): Promise<Culprit | undefined> {
    // Who has a debugger open may hold the loop on purpose, and would see it stop where nobody asked for it.
    if (this.#beats.isDebuggerOpen) return undefined;
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
    const words = sentence(`${(length / 1_000).toFixed(1)} s`, this.#by(culprit));
    const { log, program } = this.data;
    // Who waits for a start looks at the terminal; a log on standard error is there already.
    if (this.#beats.isStarting && (!log || log.file !== undefined)) writeSync(2, `${program}: ${words}\n`);
    if (log) (await this.#openLog(log)).warn(fields, words);
  }

  /** What there is to do while it starts; later, who sees to the process knows. */
  #remedy(): string {
    if (!this.#beats.isStarting) return "";
    return `; it hears no Ctrl-C meanwhile: if it does not go on, kill -9 ${process.pid} ends it`;
  }

  #by(culprit: Culprit | undefined): string {
    if (culprit) return ` by ${culpritText(culprit)}`;
    if (!process.features.inspector) return "; this Node has no inspector that could tell by what";
    if (this.#beats.isDebuggerOpen) return "; a debugger can tell by what, or holds it";
    return " by something outside JavaScript, such as a system call that waits";
  }

  /** Loaded when there is something to say: a thread that watches holds little. */
  #openLog(log: NonNullable<LoopWatchThreadData["log"]>): Promise<ProcessLogger> {
    this.#logger ??= import("../logging.js").then(({ processLogger }) =>
      processLogger({ ...log, level: this.#level ?? log.level }, this.data.fields),
    );
    return this.#logger;
  }
}

new LoopWatchThread(workerData as LoopWatchThreadData).start();
