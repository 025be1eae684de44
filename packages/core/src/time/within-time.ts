import { LONGEST_WAIT } from "@kilonova/messaging";

/** Work that took longer than it may. */
export class TimeLimitError extends Error {}

/**
 * What the work comes to, unless it takes longer than so many milliseconds: the work then goes on unwatched.
 *
 * @throws TimeLimitError in these words
 */
export async function withinTime<Value>(work: Promise<Value>, limit: number, words: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeLimitError(words)), Math.min(limit, LONGEST_WAIT));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
