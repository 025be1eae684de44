import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import { isKilonovaError, KilonovaError, messageOf } from "@kilonova/messaging";
import type { Clock, ImageStore, Logger, StoredImage } from "@kilonova/plugin-api";
import { CountedBytes } from "./counted-bytes.js";
import { UPLOAD_LEASE_SECONDS, type Uploads } from "./uploads.js";

const RENEW_EVERY = (UPLOAD_LEASE_SECONDS * 1_000) / 3;

/** What became of an upload; `gone`: the image was deleted, or given to another upload, meanwhile. */
export type Received = "active" | "notQueued" | "tooLong" | "brokenOff" | "gone";

/** Receives the bytes of images into the store. Whatever happens: the image is active with all of them, or has none. */
export class ImageReceiver {
  constructor(
    private readonly uploads: Uploads,
    private readonly store: ImageStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    /** Bytes */
    private readonly limit: number,
  ) {}

  /** @throws whatever the store throws that is not the caller's fault; the image is queued again then */
  async receive(imageId: string, body: Readable): Promise<Received> {
    const dataId = randomUUID();
    if (!(await this.uploads.begin(imageId, dataId))) return "notQueued";
    const bytes = CountedBytes.of(body);
    let stored: StoredImage;
    try {
      stored = await this.#whileLeased(imageId, dataId, bytes);
    } catch (error) {
      await this.uploads.giveBack(imageId, dataId);
      if (bytes.received > this.limit) return "tooLong";
      if (body.errored || (body.destroyed && !body.readableEnded)) return "brokenOff";
      if (isKilonovaError(bytes.errored, "rpc.cancelled")) return "gone";
      throw error;
    }
    // Should this throw, nobody knows whether the image is active: the bytes stay, and the lease decides.
    if (await this.uploads.finish(imageId, dataId, stored)) return "active";
    await this.store.delete(dataId);
    return "gone";
  }

  async #whileLeased(imageId: string, dataId: string, bytes: CountedBytes): Promise<StoredImage> {
    const ending = new AbortController();
    const renewing = this.#renew(imageId, dataId, bytes, ending.signal);
    try {
      return await this.store.write(dataId, bytes, this.limit);
    } finally {
      bytes.destroy();
      ending.abort();
      await renewing;
    }
  }

  async #renew(imageId: string, dataId: string, bytes: CountedBytes, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.clock.sleep(RENEW_EVERY, signal);
      } catch {
        return;
      }
      if (await this.#isHeld(imageId, dataId)) continue;
      bytes.destroy(new KilonovaError("rpc.cancelled", `The upload of image ${imageId} is no longer wanted.`));
      return;
    }
  }

  async #isHeld(imageId: string, dataId: string): Promise<boolean> {
    try {
      return await this.uploads.renew(imageId, dataId);
    } catch (error) {
      // A database that is away for a moment costs nothing: the last step looks again.
      this.logger.warn({ imageId, error: messageOf(error) }, "the lease of an upload could not be renewed");
      return true;
    }
  }
}
