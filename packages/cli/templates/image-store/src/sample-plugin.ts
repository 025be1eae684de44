import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  BASE_DIRECTORY,
  type ByteRange,
  ImageStore,
  inject,
  KilonovaError,
  messageOf,
  type Options,
  optionGroup,
  options,
  type StoredImage,
} from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this store. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    path: z
      .string()
      .min(1)
      .default("image-data")
      .describe("The folder of the images; from the configuration's folder where relative."),
  }),
);

const IMAGE_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;

/** Keeps images in a folder, a file each, open to its owner alone. */
export class SamplePlugin extends ImageStore {
  readonly #folder: string;

  constructor(
    @options(samplePluginOptions) { path }: Options<typeof samplePluginOptions>,
    @inject(BASE_DIRECTORY) baseDirectory: string,
  ) {
    super();
    this.#folder = resolve(baseDirectory, path);
  }

  /**
   * Stores a stream under an image's id, in place of what was there. Nothing is left behind unless it came whole.
   *
   * @param limit bytes; more is refused
   * @throws KilonovaError `image.unavailable` when the stream breaks off or is too long
   */
  override async write(imageId: string, bytes: Readable, limit: number): Promise<StoredImage> {
    const file = this.#file(imageId);
    const incoming = `${file}.${randomUUID()}`;
    const [md5, sha512] = [createHash("md5"), createHash("sha512")];
    let size = 0;
    // It may break off before the pipeline listens, which tells of it then.
    bytes.on("error", () => {});
    async function* measured(source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        size += chunk.length;
        if (size > limit) throw new Error(`it is longer than ${limit} bytes`);
        md5.update(chunk);
        sha512.update(chunk);
        yield chunk;
      }
    }
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const handle = await open(incoming, "wx", 0o600);
      // `flush`: on the disk before it has its name.
      await pipeline(bytes, measured, handle.createWriteStream({ flush: true }));
      await rename(incoming, file);
    } catch (cause) {
      await rm(incoming, { force: true });
      throw new KilonovaError("image.unavailable", `Image ${imageId} could not be stored: ${messageOf(cause)}.`, {
        cause,
      });
    }
    return { size, md5: md5.digest("hex"), sha512: sha512.digest("hex") };
  }

  /** @throws KilonovaError `image.unavailable` when there is nothing under the id */
  override async read(imageId: string, range?: ByteRange): Promise<Readable> {
    const file = this.#file(imageId);
    const handle = await open(file, "r").catch((cause: unknown) => {
      throw new KilonovaError("image.unavailable", `Image ${imageId} cannot be read: ${messageOf(cause)}.`, { cause });
    });
    if (!range) return handle.createReadStream();
    if (range.end > range.start) return handle.createReadStream({ start: range.start, end: range.end - 1 });
    await handle.close();
    return Readable.from([]);
  }

  /** Safe to repeat. */
  override async delete(imageId: string): Promise<void> {
    await rm(this.#file(imageId), { force: true });
  }

  /** No path is made of what is no id. */
  #file(imageId: string): string {
    if (IMAGE_ID.test(imageId)) return join(this.#folder, imageId);
    throw new KilonovaError("image.unavailable", `${JSON.stringify(imageId)} is no id of an image.`);
  }
}
