/** How long a wait may last, who may give it up, and what is thrown when it lasts too long. */
export interface Deadline {
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly late: () => Error;
}

/**
 * The promise's value, if it comes in time. The work behind the promise is not stopped.
 *
 * @throws what the promise rejects with, what `late` makes, or the signal's reason.
 */
export async function withDeadline<Value>(
  promise: Promise<Value>,
  { timeoutMs, signal, late }: Deadline,
): Promise<Value> {
  signal?.throwIfAborted();
  let dispose = () => {};
  const limit = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(late()), timeoutMs);
    const giveUp = () => reject(signal?.reason);
    signal?.addEventListener("abort", giveUp, { once: true });
    dispose = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    };
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    dispose();
  }
}

/**
 * Asks `probe` again and again until it answers something other than undefined; for what tells of itself by no event.
 *
 * @returns undefined when the time is over.
 * @throws the signal's reason, and whatever `probe` throws.
 */
export async function poll<Value>(
  probe: () => Promise<Value | undefined>,
  {
    everyMs,
    timeoutMs,
    signal,
  }: { readonly everyMs: number; readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Value | undefined> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const value = await probe();
    if (value !== undefined || Date.now() >= end) return value;
    await new Promise((resolve) => setTimeout(resolve, Math.min(everyMs, Math.max(end - Date.now(), 1))));
  }
}
