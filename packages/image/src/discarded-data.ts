import type { Database } from "@kilonova/database";
import { messageOf } from "@kilonova/messaging";
import type { ImageStore, Logger } from "@kilonova/plugin-api";
import { asc, eq, lte, sql } from "drizzle-orm";
import { discardedData } from "./tables.js";

const BATCH = 100;

/** Removes the bytes of images that are gone: noted when the record went, so that no crash leaves them behind. */
export class DiscardedData {
  constructor(
    private readonly database: Database,
    private readonly store: ImageStore,
    private readonly logger: Logger,
  ) {}

  /** Removes what is due. What cannot be removed now is tried again the next time. */
  async removeDue(signal?: AbortSignal): Promise<void> {
    const due = await this.database
      .select({ dataId: discardedData.dataId })
      .from(discardedData)
      .where(lte(discardedData.dueAt, sql`now()`))
      .orderBy(asc(discardedData.dueAt))
      .limit(BATCH);
    for (const { dataId } of due) {
      if (signal?.aborted) return;
      await this.#remove(dataId);
    }
  }

  async #remove(dataId: string): Promise<void> {
    try {
      await this.store.delete(dataId);
    } catch (error) {
      this.logger.warn({ dataId, error: messageOf(error) }, "the bytes of a deleted image could not be removed");
      await this.#postpone(dataId);
      return;
    }
    await this.database.delete(discardedData).where(eq(discardedData.dataId, dataId));
  }

  /** So that what cannot be removed does not keep what can from its turn. */
  async #postpone(dataId: string): Promise<void> {
    await this.database
      .update(discardedData)
      .set({ dueAt: sql`now() + interval '1 minute'` })
      .where(eq(discardedData.dataId, dataId));
  }
}
