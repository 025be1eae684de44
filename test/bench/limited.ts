import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits for work, but not for ever.
 *
 * @param seconds after which it is given up
 * @param signal gives it up at once
 * @throws what the work throws, or an error that says why it was given up
 */
export async function limited<Answer>(work: Promise<Answer>, seconds: number, signal: AbortSignal): Promise<Answer> {
  const ended = new AbortController();
  try {
    return await Promise.race([work, expiry(seconds, ended.signal), interruption(signal, ended.signal)]);
  } finally {
    ended.abort();
  }
}

async function expiry(seconds: number, ended: AbortSignal): Promise<never> {
  await sleep(seconds * 1_000, undefined, { signal: ended });
  throw new Error(`it took more than ${seconds} s`);
}

function interruption(signal: AbortSignal, ended: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("interrupted")), { once: true, signal: ended });
  });
}
