/** Handlers are looked through so often. Milliseconds. */
const LOOK_INTERVAL = 5_000;

/** One piece of work that runs. */
export interface RunningWork {
  /** When it is to be told of, on this process's clock, in milliseconds. */
  readonly overdueAt: number;
  /** Tells of it, once. */
  overdue(): void;
}

/**
 * The handlers at work, and those among them that should long have ended. Nothing can end a function that ignores its
 * signal, and it keeps its slot: it still takes what the slot stands for. So it is told of. One timer for all, and none
 * while nothing runs: a message costs no timer of its own.
 */
export class WorkWatch {
  readonly #running = new Set<RunningWork>();
  #timer: NodeJS.Timeout | undefined;

  begin(work: RunningWork): void {
    this.#running.add(work);
    this.#timer ??= setInterval(() => this.#look(), LOOK_INTERVAL).unref();
  }

  /** Safe to repeat. */
  end(work: RunningWork): void {
    this.#running.delete(work);
  }

  #look(): void {
    const now = Date.now();
    for (const work of this.#running) if (work.overdueAt <= now) this.#tell(work);
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tell(work: RunningWork): void {
    this.#running.delete(work);
    work.overdue();
  }
}
