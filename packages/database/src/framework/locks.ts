import type { HeldLock, Locks } from "@kilonova/core";
import { and, eq, lte, sql } from "drizzle-orm";
import type { Queryable } from "../database.js";
import { locks } from "./tables.js";

/** Leases in one table of PostgreSQL, by its clock. */
export class DatabaseLocks implements Locks {
  constructor(private readonly database: Queryable) {}

  async acquire(name: string, holder: string, lease: number): Promise<HeldLock | undefined> {
    const leaseUntil = after(lease);
    const [held] = await this.database
      .insert(locks)
      .values({ name, holder, fence: 1, leaseUntil })
      .onConflictDoUpdate({
        target: locks.name,
        set: { holder, fence: sql`${locks.fence} + 1`, leaseUntil },
        setWhere: lte(locks.leaseUntil, sql`now()`),
      })
      .returning({ fence: locks.fence });
    return held;
  }

  async renew(name: string, holder: string, fence: number, lease: number): Promise<boolean> {
    const { rowCount } = await this.database
      .update(locks)
      .set({ leaseUntil: after(lease) })
      .where(this.#held(name, holder, fence));
    return rowCount === 1;
  }

  async release(name: string, holder: string, fence: number): Promise<void> {
    await this.database
      .update(locks)
      .set({ leaseUntil: sql`'-infinity'` })
      .where(this.#held(name, holder, fence));
  }

  /** Who holds a lock, where somebody does. */
  async holderOf(name: string): Promise<string | undefined> {
    const [row] = await this.database
      .select({ holder: locks.holder })
      .from(locks)
      .where(and(eq(locks.name, name), sql`${locks.leaseUntil} > now()`));
    return row?.holder;
  }

  /** A lease that ran out while nobody asked for the lock is as good as new; one that was released is not. */
  #held(name: string, holder: string, fence: number) {
    return and(
      eq(locks.name, name),
      eq(locks.holder, holder),
      eq(locks.fence, fence),
      sql`${locks.leaseUntil} > '-infinity'`,
    );
  }
}

function after(milliseconds: number) {
  return sql`now() + ${milliseconds} * interval '1 millisecond'`;
}
