import { Worker } from "node:worker_threads";
import { messageOf } from "@kilonova/messaging";
import type { Logger } from "@kilonova/plugin-api";
import { z } from "zod";
import { LoopBeats } from "./loop-watch-beats.js";
import { STALL_INTERVAL } from "./stall-limit.js";
import type { StallWatchThreadData } from "./stall-watch-thread.js";

/**
 * Milliseconds between two questions who holds the loop. To be asked costs a process that has loaded much some hundred
 * milliseconds, which is why one that starts is not asked at all.
 */
const ASK_EVERY = 300_000;
/** Names beyond count as one: what evaluates code could have many. */
const MOST_NAMES = 100;
const MEMORY = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

/** What the thread tells of a stall that is over. */
const stallSchema = z.object({
  length: z.number(),
  culprit: z.object({ function: z.string(), package: z.string().optional() }).optional(),
});

/** How often some code held the loop for longer than `STALL_LIMIT`. */
export interface StallCount {
  /** Empty where it is in none, or nobody knows who it was. */
  readonly package: string;
  /** `unknown` where nobody was to ask yet, or the loop was held outside JavaScript. */
  readonly function: string;
  readonly stalls: number;
  /** Milliseconds in all. */
  readonly time: number;
  /** Milliseconds of the longest. */
  readonly longest: number;
}

/**
 * Counts how often the loop of this process is held for longer than 50 ms, and by what code: a thread of its own looks at
 * its beats and asks the engine now and then, as that of {@link LoopWatch} does for blockages that a log should tell of. It keeps no
 * process from ending.
 */
export class StallWatch {
  readonly #beats = new LoopBeats();
  readonly #counts = new Map<string, StallCount>();
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param logger told where nobody can watch, for want of threads or memory
   * @param askEvery milliseconds between two questions who holds the loop
   */
  constructor(
    private readonly logger: Logger,
    private readonly askEvery: number = ASK_EVERY,
  ) {}

  start(): void {
    const beat = () => this.#beats.beat(process.getBuiltinModule("node:inspector")?.url() !== undefined);
    beat();
    this.#timer = setInterval(beat, STALL_INTERVAL).unref();
    const data: StallWatchThreadData = { beats: this.#beats.memory, askEvery: this.askEvery };
    try {
      const thread = new URL("./stall-watch-thread.js", import.meta.url);
      const settings = {
        name: "stall-watch",
        workerData: data,
        execArgv: [],
        env: {},
        resourceLimits: MEMORY,
      };
      this.#worker = new Worker(thread, settings)
        .on("error", (error) => this.#failed(error))
        .on("message", (message) => this.#count(message));
      this.#worker.unref();
    } catch (error) {
      this.#failed(error);
    }
  }

  counts(): readonly StallCount[] {
    return [...this.#counts.values()];
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#worker?.terminate();
  }

  #count(message: unknown): void {
    const { length, culprit } = stallSchema.parse(message);
    const known = { package: culprit?.package ?? "", function: culprit?.function ?? "unknown" };
    const name = `${known.package} ${known.function}`;
    const isNew = !this.#counts.has(name);
    const key = isNew && this.#counts.size >= MOST_NAMES ? "others" : name;
    const before = this.#counts.get(key) ?? {
      ...(key === name ? known : { package: "", function: "others" }),
      stalls: 0,
      time: 0,
      longest: 0,
    };
    this.#counts.set(key, {
      ...before,
      stalls: before.stalls + 1,
      time: before.time + length,
      longest: Math.max(before.longest, length),
    });
  }

  #failed(error: unknown): void {
    clearInterval(this.#timer);
    this.logger.warn({ error: messageOf(error) }, "nobody counts how often the event loop is held");
  }
}
