import { type Token, token } from "@kilonova/plugin-api";

/** A lock that is held until its lease runs out. */
export interface HeldLock {
  /** Higher than any given out for the name before: what is written under the lock carries it. */
  readonly fence: number;
}

/** Locks across the cluster: one table of leases. The database implements it, or a client of the conductor. */
export interface Locks {
  /**
   * @param holder who asks, unique to this very request
   * @param lease milliseconds
   * @returns undefined where somebody holds it, be it the same holder
   */
  acquire(name: string, holder: string, lease: number): Promise<HeldLock | undefined>;
  /** False where the lock was given back, or the lease had run out and another has the lock. One that ran out unnoticed is as good as new. */
  renew(name: string, holder: string, fence: number, lease: number): Promise<boolean>;
  /** Safe to repeat; does nothing where another has the lock. */
  release(name: string, holder: string, fence: number): Promise<void>;
}

export const LOCKS: Token<Locks> = token("locks");
