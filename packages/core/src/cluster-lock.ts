import { randomUUID } from "node:crypto";
import { KilonovaError, type RequestContext } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";
import type { Locks } from "./locks.js";

/** Milliseconds that a lock is held for before it has to be renewed. */
const LEASE = 30_000;
/** The wait before another try; with jitter. */
const RETRY = 200;

/**
 * Runs work while a lock is held across the cluster, renewed at each third of its lease. Where the lease is lost, the
 * work's result is thrown away: somebody else has the lock.
 *
 * @throws KilonovaError `lock.lost`; `rpc.deadlineExceeded` when the lock does not come free in the context's time
 */
export async function withClusterLock<Value>(
  locks: Locks,
  clock: Clock,
  context: RequestContext,
  name: string,
  work: () => Promise<Value>,
): Promise<Value> {
  const holder = randomUUID();
  const held = await acquire(locks, clock, context, name, holder);
  const ending = new AbortController();
  const renewal = renew(locks, clock, name, holder, held.fence, ending.signal);
  try {
    const value = await work();
    ending.abort();
    if (!(await renewal)) throw new KilonovaError("lock.lost", `The lease of lock ${name} ran out while it was held.`);
    return value;
  } finally {
    ending.abort();
    await renewal;
    await locks.release(name, holder, held.fence);
  }
}

async function acquire(locks: Locks, clock: Clock, context: RequestContext, name: string, holder: string) {
  for (;;) {
    const held = await locks.acquire(name, holder, LEASE);
    if (held) return held;
    context.throwIfExpired();
    await clock.sleep(RETRY * (0.5 + Math.random()), context.signal);
  }
}

/** True when the lock was held to the end. */
async function renew(locks: Locks, clock: Clock, name: string, holder: string, fence: number, ending: AbortSignal): Promise<boolean> {
  while (!ending.aborted) {
    try {
      await clock.sleep(LEASE / 3, ending);
    } catch {
      return true;
    }
    if (!(await locks.renew(name, holder, fence, LEASE))) return false;
  }
  return true;
}
