import cluster, { type Worker } from "node:cluster";
import { KilonovaError } from "@kilonova/messaging";
import { type Clock, type Logger, systemClock } from "@kilonova/plugin-api";
import { type ProcessEnd, WorkerProcess } from "./worker.js";
import { WORKER_VARIABLE, type WorkerReady } from "./worker-process.js";

/** Milliseconds before a worker that has died is replaced: the first time, and the longest. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
/** A worker that has lived for so many milliseconds has started well. */
const LONG_LIFE = 60_000;

/** How workers are kept. */
export interface WorkersSettings {
  readonly count: number;
  readonly logger: Logger;
  /** Milliseconds from SIGTERM until a worker that is still there is killed. */
  readonly drain: number;
  /** Gives the start up. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/**
 * The workers of a primary process: each runs the program again, with the same arguments; their listening sockets are
 * shared. One that dies is replaced, after longer and longer waits where it keeps dying. They end when the primary does,
 * in whatever way.
 */
export class Workers {
  readonly #workers = new Map<number, WorkerProcess>();
  readonly #stopping = new AbortController();
  readonly #clock: Clock;
  #keeping: readonly Promise<void>[] = [];
  #ready: WorkerReady = {};
  #stopped: Promise<void> | undefined;

  private constructor(private readonly settings: WorkersSettings) {
    this.#clock = settings.clock ?? systemClock;
  }

  /**
   * Starts them and resolves when all are up. The first starts alone, so that what keeps all of them from starting is
   * said once.
   *
   * @throws KilonovaError `service.failedToStart` where one ends before; the others are stopped then
   */
  static async start(settings: WorkersSettings): Promise<Workers> {
    const workers = new Workers(settings);
    process.on("exit", workers.#killAll);
    const stop = () => void workers.stop().catch(() => {});
    settings.signal.addEventListener("abort", stop);
    try {
      settings.signal.throwIfAborted();
      const [first, ...others] = Array.from({ length: settings.count }, (_, slot) => slot);
      workers.#ready = await workers.#startFirst(first ?? 0);
      settings.signal.throwIfAborted();
      await Promise.all(others.map((slot) => workers.#startFirst(slot)));
      settings.signal.throwIfAborted();
    } catch (error) {
      await workers.stop().catch(() => {});
      settings.signal.throwIfAborted();
      throw error;
    } finally {
      settings.signal.removeEventListener("abort", stop);
    }
    workers.#keeping = [...workers.#workers].map(([slot, worker]) => workers.#keep(slot, worker));
    return workers;
  }

  /** What the first worker said when it was up. */
  get ready(): WorkerReady {
    return this.#ready;
  }

  /** SIGHUP to each, once it is up. */
  reload(): void {
    for (const worker of this.#workers.values()) worker.reload();
  }

  /**
   * SIGTERM to each; resolves when all have ended. Safe to repeat.
   *
   * @throws KilonovaError `internal` where one had to be killed since it did not end in time
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    const ended = await Promise.all([...this.#workers.values()].map((worker) => worker.stop(this.settings.drain)));
    await Promise.all(this.#keeping);
    process.off("exit", this.#killAll);
    if (ended.every((inTime) => inTime)) return;
    throw new KilonovaError(
      "internal",
      `Workers that had not ended ${this.settings.drain} ms after SIGTERM were killed.`,
    );
  }

  readonly #killAll = () => {
    for (const worker of this.#workers.values()) worker.tell("SIGKILL");
  };

  async #startFirst(slot: number): Promise<WorkerReady> {
    const worker = this.#fork(slot);
    const outcome = await worker.started;
    if (outcome.ready) return outcome.ready;
    throw new KilonovaError(
      "service.failedToStart",
      `Worker ${worker.pid} ended with ${endText(outcome.end)} while it started; what it wrote says why.`,
    );
  }

  #fork(slot: number): WorkerProcess {
    const worker: Worker = cluster.fork({ [WORKER_VARIABLE]: String(slot + 1) });
    const process = new WorkerProcess(worker);
    this.#workers.set(slot, process);
    return process;
  }

  /** Replaces a worker whenever it has died, until all are told to stop. */
  async #keep(slot: number, first: WorkerProcess): Promise<void> {
    let wait = FIRST_WAIT;
    for (let worker = first; ; worker = this.#fork(slot)) {
      const begun = this.#clock.now();
      const end = await worker.ended;
      if (this.#stopping.signal.aborted) return;
      if (this.#clock.now() - begun >= LONG_LIFE) wait = FIRST_WAIT;
      this.settings.logger.error({ pid: worker.pid, ended: endText(end), wait }, "a worker died; it is replaced");
      try {
        await this.#clock.sleep(wait, this.#stopping.signal);
      } catch {
        return;
      }
      // It may have been told to stop in the very moment that the wait was over.
      if (this.#stopping.signal.aborted) return;
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }
}

function endText({ code, signal }: ProcessEnd): string {
  return signal ?? `code ${code}`;
}
