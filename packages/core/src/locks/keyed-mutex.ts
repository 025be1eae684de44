/** Lets one in at a time for each key, in the order they came. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Runs the work when all that came before for the same key is over, however it ended.
   *
   * @param signal gives up waiting: the work is not run then, and the promise rejects with the signal's reason
   */
  async run<Value>(key: string, work: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    const before = this.#tails.get(key);
    let finish = () => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const tail = before ? before.then(() => done) : done;
    this.#tails.set(key, tail);
    // Whoever gave up waiting still has the ones before in front of those behind.
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    try {
      if (before) await unlessAborted(before, signal);
      return await work();
    } finally {
      finish();
    }
  }
}

async function unlessAborted(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return turn;
  signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
  });
  try {
    await Promise.race([turn, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
