import { KilonovaError } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";
import { LeaseTerm } from "./lease-term.js";
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

  private constructor(
    private readonly asked: LeaseAsked,
    /** Higher than any given out for the name before. */
    readonly fence: number,
    term: LeaseTerm,
  ) {
    this.#renewing = this.#renew(term);
  }

  /**
   * One try.
   *
   * @param before the fence under which the same holder kept the lock until now: it goes on under it, where nobody has
   *   taken the lock since
   * @returns undefined where another holds it
   */
  static async tryAcquire(asked: LeaseAsked, before?: number): Promise<ClusterLease | undefined> {
    const term = new LeaseTerm(asked.clock, LEASE);
    try {
      const fence = await fenceOf(asked, before);
      if (fence !== undefined) return new ClusterLease(asked, fence, term);
    } catch (error) {
      term.cancel();
      throw error;
    }
    term.cancel();
    return undefined;
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

  /** Whoever keeps the locks may be away for a while, or never answer; the lease lasts until the end of its term. */
  async #renew(first: LeaseTerm): Promise<void> {
    let term = first;
    const loseWith = (held: LeaseTerm) => {
      const lose = () => (held === term ? this.#lost.abort() : undefined);
      if (held.over.aborted) lose();
      held.over.addEventListener("abort", lose);
    };
    loseWith(term);
    while (await this.#slept()) {
      const next = new LeaseTerm(this.asked.clock, LEASE);
      const answer = await this.#renewed();
      const [over, held] = answer === true ? [term, next] : [next, term];
      over.cancel();
      term = held;
      if (answer === true) loseWith(term);
      if (answer === false) this.#lost.abort();
    }
    term.cancel();
  }

  async #renewed(): Promise<boolean | undefined> {
    const { locks, name, holder } = this.asked;
    try {
      return await locks.renew(name, holder, this.fence, LEASE);
    } catch {
      return undefined;
    }
  }

  /** False when the work is over, or the lease lost. */
  async #slept(): Promise<boolean> {
    const over = AbortSignal.any([this.#ending.signal, this.#lost.signal]);
    try {
      await this.asked.clock.sleep(LEASE / 3, over);
    } catch {
      return false;
    }
    return !over.aborted;
  }
}

/** The fence of a lock that is had now; undefined where another holds it. */
async function fenceOf({ locks, name, holder }: LeaseAsked, before: number | undefined): Promise<number | undefined> {
  if (before !== undefined && (await locks.renew(name, holder, before, LEASE))) return before;
  return (await locks.acquire(name, holder, LEASE))?.fence;
}
