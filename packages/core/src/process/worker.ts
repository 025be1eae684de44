import type { Worker } from "node:cluster";
import { readReady, type WorkerReady } from "./worker-process.js";

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What came of a start. */
type Started =
  | { readonly ready: WorkerReady; readonly end?: never }
  | { readonly ready?: never; readonly end: ProcessEnd };

/** A worker, as its primary sees it. */
export class WorkerProcess {
  readonly pid: number;
  /** Resolves when it is up, or has ended before. */
  readonly started: Promise<Started>;
  readonly ended: Promise<ProcessEnd>;
  #hasEnded = false;
  #reload: Promise<void> | undefined;

  constructor(private readonly worker: Worker) {
    this.pid = worker.process.pid ?? 0;
    this.ended = new Promise((resolve) => {
      worker.once("exit", (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal: (signal || null) as NodeJS.Signals | null });
      });
    });
    const ready = new Promise<WorkerReady>((resolve) => {
      worker.on("message", (message: unknown) => {
        const said = readReady(message);
        if (said) resolve(said);
      });
    });
    // A channel that breaks is told by the worker's end.
    worker.on("error", () => {});
    this.started = Promise.race([ready.then((said) => ({ ready: said })), this.ended.then((end) => ({ end }))]);
  }

  tell(signal: NodeJS.Signals): void {
    if (!this.#hasEnded) this.worker.process.kill(signal);
  }

  /** SIGHUP, as soon as it is up: before, nothing in it hears the signal, and it would die of it. */
  reload(): void {
    this.#reload ??= this.started.then(() => {
      this.#reload = undefined;
      this.tell("SIGHUP");
    });
  }

  /** SIGTERM, and SIGKILL after so many milliseconds. @returns whether it ended in time */
  async stop(drain: number): Promise<boolean> {
    let isInTime = true;
    const timer = setTimeout(() => {
      isInTime = false;
      this.tell("SIGKILL");
    }, drain);
    this.tell("SIGTERM");
    await this.ended;
    clearTimeout(timer);
    return isInTime;
  }
}
