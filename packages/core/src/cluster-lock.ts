import { randomUUID } from "node:crypto";
import { KilonovaError, type RequestContext } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";
import type { HeldLock, Locks } from "./locks.js";
import { pause } from "./pause.js";

/** Milliseconds that a lock is held for before it has to be renewed. */
const LEASE = 30_000;
/** The wait before another try; with jitter. */
const RETRY = 200;

/**
 * Runs work while a lock is held across the cluster, renewed at each third of its lease. Where the lease is lost, the
 * signal of the work's context aborts and its result is thrown away: somebody else may have the lock.
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
  const holder = randomUUID();
  const lease = new Lease(locks, clock, name, holder, await acquire(locks, clock, context, name, holder));
  try {
    const value = await work(context.withSignal(lease.lost));
    lease.throwIfLost();
    return value;
  } catch (error) {
    lease.throwIfLost(error);
    throw error;
  } finally {
    await lease.end();
  }
}

async function acquire(
  locks: Locks,
  clock: Clock,
  context: RequestContext,
  name: string,
  holder: string,
): Promise<HeldLock> {
  for (;;) {
    const held = await locks.acquire(name, holder, LEASE);
    if (held) return held;
    await pause(clock, RETRY * (0.5 + Math.random()), context);
  }
}

/** A lock in hand, renewed until its end. */
class Lease {
  readonly #lost = new AbortController();
  readonly #ending = new AbortController();
  readonly #renewing: Promise<void>;
  #until: number;

  constructor(
    private readonly locks: Locks,
    private readonly clock: Clock,
    private readonly name: string,
    private readonly holder: string,
    private readonly held: HeldLock,
  ) {
    this.#until = clock.now() + LEASE;
    this.#renewing = this.#renew();
  }

  /** Aborts when the lock is not held any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  throwIfLost(cause?: unknown): void {
    if (!this.lost.aborted) return;
    throw new KilonovaError("lock.lost", `The lease of lock ${this.name} ran out while it was held.`, { cause });
  }

  /** Gives the lock back. One that cannot be given back runs out by itself. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#renewing;
    if (this.lost.aborted) return;
    await this.locks.release(this.name, this.holder, this.held.fence).catch(() => {});
  }

  async #renew(): Promise<void> {
    while (await this.#slept()) {
      const asked = this.clock.now();
      const answer = await this.#renewed();
      if (answer === true) this.#until = asked + LEASE;
      // Whoever keeps the locks may be away for a while; the lease lasts until its end.
      if (answer === false || this.clock.now() >= this.#until) return this.#lost.abort();
    }
  }

  async #renewed(): Promise<boolean | undefined> {
    try {
      return await this.locks.renew(this.name, this.holder, this.held.fence, LEASE);
    } catch {
      return undefined;
    }
  }

  /** False when the work is over. */
  async #slept(): Promise<boolean> {
    const left = this.#until - this.clock.now();
    try {
      await this.clock.sleep(Math.min(LEASE / 3, left), this.#ending.signal);
    } catch {
      return false;
    }
    return !this.#ending.signal.aborted;
  }
}
