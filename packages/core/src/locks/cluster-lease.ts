import { KilonovaError } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";
import type { Locks } from "./locks.js";

/** Milliseconds that a lock is held for before it has to be renewed. */
const LEASE = 30_000;

/** Which lock, and who asks for it. */
export interface LeaseAsked {
  readonly locks: Locks;
  readonly clock: Clock;
  readonly name: string;
  /** Unique to who asks. */
  readonly holder: string;
}

/** A lock across the cluster in hand, renewed at each third of its lease until it is given up in one of three ways. */
export class ClusterLease {
  readonly #lost = new AbortController();
  readonly #ending = new AbortController();
  readonly #renewing: Promise<void>;
  #until: number;

  private constructor(
    private readonly asked: LeaseAsked,
    /** Higher than any given out for the name before. */
    readonly fence: number,
  ) {
    this.#until = asked.clock.now() + LEASE;
    this.#renewing = this.#renew();
  }

  /**
   * One try.
   *
   * @param before the fence under which the same holder kept the lock until now: it goes on under it, where nobody has
   *   taken the lock since
   * @returns undefined where another holds it
   */
  static async tryAcquire(asked: LeaseAsked, before?: number): Promise<ClusterLease | undefined> {
    const { locks, name, holder } = asked;
    if (before !== undefined && (await locks.renew(name, holder, before, LEASE)))
      return new ClusterLease(asked, before);
    const held = await locks.acquire(name, holder, LEASE);
    return held && new ClusterLease(asked, held.fence);
  }

  /** Aborts when the lock is not held any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** @throws KilonovaError `lock.lost` */
  throwIfLost(cause?: unknown): void {
    if (!this.lost.aborted) return;
    throw new KilonovaError("lock.lost", `The lease of lock ${this.asked.name} ran out while it was held.`, { cause });
  }

  /** Gives the lock back. One that cannot be given back runs out by itself. */
  async end(): Promise<void> {
    const { locks, name, holder } = this.asked;
    if (await this.#stopRenewing()) await locks.release(name, holder, this.fence).catch(() => {});
  }

  /** Keeps the lock for so many milliseconds more, though nothing is done under it. */
  async keep(milliseconds: number): Promise<void> {
    const { locks, name, holder } = this.asked;
    if (!(await this.#stopRenewing())) return;
    await locks.renew(name, holder, this.fence, Math.ceil(milliseconds)).catch(() => {});
  }

  /** Lets the lease run out: for work that cannot be stopped and shall keep nobody else. */
  abandon(): void {
    this.#ending.abort();
    this.#lost.abort();
  }

  /** False where the lock is not held any more. */
  async #stopRenewing(): Promise<boolean> {
    this.#ending.abort();
    await this.#renewing;
    return !this.lost.aborted;
  }

  async #renew(): Promise<void> {
    while (await this.#slept()) {
      const asked = this.asked.clock.now();
      const answer = await this.#renewed();
      if (answer === true) this.#until = asked + LEASE;
      // Whoever keeps the locks may be away for a while; the lease lasts until its end.
      if (answer === false || this.asked.clock.now() >= this.#until) return this.#lost.abort();
    }
  }

  async #renewed(): Promise<boolean | undefined> {
    const { locks, name, holder } = this.asked;
    try {
      return await locks.renew(name, holder, this.fence, LEASE);
    } catch {
      return undefined;
    }
  }

  /** False when the work is over. */
  async #slept(): Promise<boolean> {
    const left = this.#until - this.asked.clock.now();
    try {
      await this.asked.clock.sleep(Math.min(LEASE / 3, left), this.#ending.signal);
    } catch {
      return false;
    }
    return !this.#ending.signal.aborted;
  }
}
