import { Worker } from "node:worker_threads";
import { messageOf } from "@kilonova/messaging";
import type { Logger } from "@kilonova/plugin-api";
import { type LogLevel, LoopBeats, type LoopWatchThreadData } from "./loop-watch-beats.js";

/** How the loop is watched; a limit of 0: not at all. */
export type LoopWatchSettings = Pick<LoopWatchThreadData, "limit" | "log" | "program" | "fields">;

const BEATS_PER_LIMIT = 4;
/** Milliseconds */
const LONGEST_INTERVAL = 1_000;
/** The thread holds a timer, and for an instant the list of the process's modules. */
const MEMORY = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

/**
 * Says which code blocks the event loop of this process: what never lets go of it cannot be stopped, nor can the process
 * say so itself. A thread looks at the loop's beats; where they fail to come for longer than the limit it asks the
 * inspector what is running, and writes one line that names the function, its file and its package, and another when the
 * loop is free again. While the process starts, the line comes to the terminal as well. It keeps no process from ending.
 */
export class LoopWatch {
  readonly #beats = new LoopBeats();
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param logger told where nobody can watch, for want of threads or memory */
  constructor(
    private readonly settings: LoopWatchSettings,
    private readonly logger: Logger,
  ) {
    this.#beats.isStarting = true;
    this.setLevel(settings.log?.level ?? "warn");
  }

  /** The lowest level that is written from now on. Where nothing is written nobody watches. */
  setLevel(level: LogLevel): void {
    if (this.#worker) this.#worker.postMessage(level);
    else if (this.settings.limit > 0 && level !== "silent") this.#start(level);
  }

  /** The process is up: from here on its log alone is told. */
  started(): void {
    this.#beats.isStarting = false;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#worker?.terminate();
  }

  #start(level: LogLevel): void {
    const { limit, log, program, fields } = this.settings;
    const interval = Math.min(limit / BEATS_PER_LIMIT, LONGEST_INTERVAL);
    const shared = { beats: this.#beats.memory, limit, interval, program, fields };
    const data: LoopWatchThreadData = log ? { ...shared, log: { ...log, level } } : shared;
    const beat = () => this.#beats.beat(process.getBuiltinModule("node:inspector")?.url() !== undefined);
    beat();
    this.#timer = setInterval(beat, interval).unref();
    try {
      const thread = new URL("./loop-watch-thread.js", import.meta.url);
      const settings = { name: "loop-watch", workerData: data, execArgv: [], env: {}, resourceLimits: MEMORY };
      this.#worker = new Worker(thread, settings).on("error", (error) => this.#failed(error));
      this.#worker.unref();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    clearInterval(this.#timer);
    this.logger.warn({ error: messageOf(error) }, "nobody watches whether the event loop is blocked");
  }
}
