import type { Database, Queryable } from "@kilonova/database";
import type { RequestContext } from "@kilonova/messaging";
import { and, eq, sql } from "drizzle-orm";
import { discardedData, type ImageRow, images, type NewImageRow } from "./tables.js";
import { UPLOAD_LEASE_SECONDS } from "./uploads.js";
import { canSee } from "./visibility.js";

/** What of an image its users change. */
export type ImageChanges = Omit<
  NewImageRow,
  "id" | "status" | "size" | "checksum" | "sha512" | "dataId" | "uploadLeaseUntil" | "createdAt" | "updatedAt"
>;

/** The records of images. */
export class Images {
  constructor(private readonly database: Database) {}

  /** An image that the request may know of. */
  async find(context: RequestContext, id: string): Promise<ImageRow | undefined> {
    const [found] = await this.database.select().from(images).where(eq(images.id, id));
    return found && canSee(context, found) ? found : undefined;
  }

  /** A queued image, without bytes; undefined where the id is taken. */
  async create(id: string, values: ImageChanges): Promise<ImageRow | undefined> {
    const [made] = await this.database
      .insert(images)
      .values({ ...values, id, status: "queued" })
      .onConflictDoNothing({ target: images.id })
      .returning();
    return made;
  }

  /**
   * Changes an image, while nobody else does.
   *
   * @param change answers what is to be other than it is; what it throws leaves the image alone
   * @returns undefined where there is no such image for the request
   */
  async update(
    context: RequestContext,
    id: string,
    change: (before: ImageRow) => Partial<ImageChanges & Pick<ImageRow, "status">>,
  ): Promise<ImageRow | undefined> {
    return await this.database.transaction(async (transaction) => {
      const before = await lock(transaction, id);
      if (!before || !canSee(context, before)) return undefined;
      const [after] = await transaction
        .update(images)
        .set({ ...change(before), updatedAt: sql`now()` })
        .where(eq(images.id, id))
        .returning();
      return after;
    });
  }

  /**
   * Removes an image; its bytes are noted to be removed.
   *
   * @param check throws what keeps the image from being deleted
   * @returns undefined where there is no such image for the request
   */
  async delete(context: RequestContext, id: string, check: (image: ImageRow) => void): Promise<ImageRow | undefined> {
    return await this.database.transaction(async (transaction) => {
      const found = await lock(transaction, id);
      if (!found || !canSee(context, found)) return undefined;
      check(found);
      await transaction.delete(images).where(and(eq(images.id, id)));
      if (found.dataId !== null) {
        // Whoever is still receiving them finds out within a lease, and removes what it has; this is for when it dies.
        const seconds = found.status === "saving" ? 2 * UPLOAD_LEASE_SECONDS : 0;
        await transaction
          .insert(discardedData)
          .values({ dataId: found.dataId, dueAt: sql`now() + make_interval(secs => ${seconds})` });
      }
      return found;
    });
  }
}

async function lock(transaction: Queryable, id: string): Promise<ImageRow | undefined> {
  const [found] = await transaction.select().from(images).where(eq(images.id, id)).for("update");
  return found;
}
