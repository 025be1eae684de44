import { randomUUID } from "node:crypto";
import type { RequestContext } from "@kilonova/messaging";
import { type Clock, withLockFence } from "@kilonova/plugin-api";
import { pause } from "../time/pause.js";
import { ClusterLease, type LeaseAsked } from "./cluster-lease.js";
import type { Locks } from "./locks.js";

/** The wait before another try; with jitter. */
const RETRY = 200;

/**
 * Runs work while a lock is held across the cluster. The work's context carries the lock's fence. Where the lease is
 * lost, the context's signal aborts and the result is thrown away: somebody else may have the lock.
 *
 * @throws KilonovaError `lock.lost`; `rpc.deadlineExceeded` when the lock does not come free in the context's time
 */
export async function withClusterLock<Value>(
  locks: Locks,
  clock: Clock,
  context: RequestContext,
  name: string,
  work: (context: RequestContext) => Promise<Value>,
): Promise<Value> {
  const lease = await acquire({ locks, clock, name, holder: randomUUID() }, context);
  try {
    return await underLease(lease, context, work);
  } finally {
    await lease.end();
  }
}

/** Runs work under a lease, and hands it the fence. @throws KilonovaError `lock.lost` in place of what it came to */
export async function underLease<Value>(
  lease: ClusterLease,
  context: RequestContext,
  work: (context: RequestContext) => Promise<Value>,
): Promise<Value> {
  try {
    const value = await work(withLockFence(context.withSignal(lease.lost), lease.fence));
    lease.throwIfLost();
    return value;
  } catch (error) {
    lease.throwIfLost(error);
    throw error;
  }
}

async function acquire(asked: LeaseAsked, context: RequestContext): Promise<ClusterLease> {
  for (;;) {
    const lease = await ClusterLease.tryAcquire(asked);
    if (lease) return lease;
    await pause(asked.clock, RETRY * (0.5 + Math.random()), context);
  }
}
