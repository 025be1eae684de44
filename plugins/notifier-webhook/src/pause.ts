/** Milliseconds. Longer than this nobody is waited for, whatever they ask. */
const LONGEST_PAUSE = 3_600_000;

/**
 * Milliseconds until the next try: doubled each time, between half and the whole of it, so that many that failed together
 * do not come back together; as long as the other side asks, where that is longer.
 *
 * @param tries how many there have been, from 1
 * @param retryAfter the header of the answer
 * @param now milliseconds since 1970
 */
export function pauseAfter(tries: number, backoff: number, retryAfter: string | null, now: number): number {
  const doubled = backoff * 2 ** (tries - 1);
  const own = doubled / 2 + (Math.random() * doubled) / 2;
  return Math.min(Math.max(own, askedPause(retryAfter, now)), LONGEST_PAUSE);
}

/** Seconds, or a date; 0 where it is neither. */
function askedPause(retryAfter: string | null, now: number): number {
  if (retryAfter === null) return 0;
  if (/^\d+$/.test(retryAfter.trim())) return Number(retryAfter) * 1_000;
  const instant = Date.parse(retryAfter);
  return Number.isNaN(instant) ? 0 : Math.max(0, instant - now);
}
