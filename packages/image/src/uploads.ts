import type { Database } from "@kilonova/database";
import type { StoredImage } from "@kilonova/plugin-api";
import { and, eq, sql } from "drizzle-orm";
import { images } from "./tables.js";

/** So long an upload whose process does not say that it is alive counts as running. */
export const UPLOAD_LEASE_SECONDS = 30;

const leaseEnd = sql`now() + make_interval(secs => ${UPLOAD_LEASE_SECONDS})`;

/**
 * Who receives the bytes of an image: queued, saving, active, each step by compare-and-swap on the step before and on
 * the upload's own data id. Time is the database's.
 */
export class Uploads {
  constructor(private readonly database: Database) {}

  /** From queued to saving; false where the image is not queued, or not there. */
  async begin(imageId: string, dataId: string): Promise<boolean> {
    await this.putBackAbandoned();
    const { rowCount } = await this.database
      .update(images)
      .set({ status: "saving", dataId, uploadLeaseUntil: leaseEnd, updatedAt: sql`now()` })
      .where(and(eq(images.id, imageId), eq(images.status, "queued")));
    return rowCount === 1;
  }

  /** Says that the upload is alive; false where the image is somebody else's by now. */
  async renew(imageId: string, dataId: string): Promise<boolean> {
    const { rowCount } = await this.database
      .update(images)
      .set({ uploadLeaseUntil: leaseEnd })
      .where(ofUpload(imageId, dataId));
    return rowCount === 1;
  }

  /** From saving to active; false where the image is somebody else's by now, or gone. */
  async finish(imageId: string, dataId: string, { size, md5, sha512 }: StoredImage): Promise<boolean> {
    const { rowCount } = await this.database
      .update(images)
      .set({ status: "active", uploadLeaseUntil: null, size, checksum: md5, sha512, updatedAt: sql`now()` })
      .where(ofUpload(imageId, dataId));
    return rowCount === 1;
  }

  /** From saving back to queued: the store has nothing of the upload. */
  async giveBack(imageId: string, dataId: string): Promise<void> {
    await this.database
      .update(images)
      .set({ status: "queued", dataId: null, uploadLeaseUntil: null, updatedAt: sql`now()` })
      .where(ofUpload(imageId, dataId));
  }

  /**
   * Images whose upload nobody renews any more are queued again. What such an upload left in the store is removed when a
   * process that was merely slow has found out as well.
   *
   * @returns how many there were
   */
  async putBackAbandoned(): Promise<number> {
    const { rowCount } = await this.database.execute(sql`
      WITH abandoned AS (
        SELECT id, data_id FROM image.images WHERE status = 'saving' AND upload_lease_until < now()
        FOR UPDATE SKIP LOCKED
      ), queued AS (
        UPDATE image.images SET status = 'queued', data_id = NULL, upload_lease_until = NULL, updated_at = now()
        FROM abandoned WHERE images.id = abandoned.id
      )
      INSERT INTO image.discarded_data (data_id, due_at) SELECT data_id, ${leaseEnd} FROM abandoned`);
    return rowCount ?? 0;
  }
}

function ofUpload(imageId: string, dataId: string) {
  return and(eq(images.id, imageId), eq(images.status, "saving"), eq(images.dataId, dataId));
}
