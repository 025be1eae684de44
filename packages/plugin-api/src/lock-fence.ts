import type { RequestContext } from "@kilonova/messaging";

/** Shared by all copies of this package. */
const LOCK_FENCE = Symbol.for("kilonova.lockFence");

/**
 * The fence of the lock that is held round this call: of the innermost `@synchronized(…, { across: "cluster" })`, or of a
 * periodic task that runs once in the cluster. Higher than any given out for the lock before: what is written under the
 * lock carries it, and whoever keeps what is written refuses one that is lower than the highest it saw. So a holder that
 * was held up until its lease had run out does no harm.
 *
 * @returns undefined where no lock across the cluster is held
 */
export function lockFence(context: RequestContext): number | undefined {
  const fence = context.value(LOCK_FENCE);
  return typeof fence === "number" ? fence : undefined;
}

/** The same request with the fence of a lock: for who takes the lock. */
export function withLockFence(context: RequestContext, fence: number): RequestContext {
  return context.withValue(LOCK_FENCE, fence);
}
