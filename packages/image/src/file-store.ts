import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { BASE_DIRECTORY, type ByteRange, ImageStore, inject, options, type StoredImage } from "@kilonova/plugin-api";
import { type ImageOptions, imageOptions } from "./options.js";

const KEY = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
/** Bytes that come in are here until they are whole. */
const INCOMING = "incoming";

/**
 * Keeps bytes in a folder, one file each, open to its owner alone. A file gets its name when it is whole and on the
 * disk, so that whatever has a name is good.
 */
export class FileStore extends ImageStore {
  readonly #folder: string;

  constructor(@options(imageOptions) settings: ImageOptions, @inject(BASE_DIRECTORY) baseDirectory: string) {
    super();
    this.#folder = resolve(baseDirectory, settings.fileStorePath);
  }

  override async write(imageId: string, bytes: Readable, limit: number): Promise<StoredImage> {
    const final = this.#fileOf(imageId);
    const incoming = join(this.#folder, INCOMING, `${imageId}.${randomBytes(6).toString("hex")}`);
    // A stream may break before anybody reads it: whoever reads it then is told so all the same.
    bytes.on("error", () => {});
    try {
      await mkdir(dirname(incoming), { recursive: true, mode: 0o700 });
      const stored = await receive(incoming, bytes, limit);
      await rename(incoming, final);
      await syncFolder(this.#folder);
      return stored;
    } catch (cause) {
      await rm(incoming, { force: true });
      if (cause instanceof TooLong) throw new KilonovaError("image.unavailable", cause.message, { details: { limit } });
      throw new KilonovaError("image.unavailable", `Image data ${imageId} could not be stored: ${messageOf(cause)}.`, {
        cause,
      });
    } finally {
      bytes.destroy();
    }
  }

  override async read(imageId: string, range?: ByteRange): Promise<Readable> {
    const file = this.#fileOf(imageId);
    if (range && range.end <= range.start) return Readable.from([]);
    let handle: FileHandle;
    try {
      handle = await open(file, "r");
    } catch (cause) {
      throw new KilonovaError("image.unavailable", `Image data ${imageId} cannot be read: ${messageOf(cause)}.`, {
        cause,
      });
    }
    return handle.createReadStream(range ? { start: range.start, end: range.end - 1 } : {});
  }

  override async delete(imageId: string): Promise<void> {
    await rm(this.#fileOf(imageId), { force: true });
    for (const name of await this.#incoming()) {
      if (name.startsWith(`${imageId}.`)) await rm(join(this.#folder, INCOMING, name), { force: true });
    }
  }

  async #incoming(): Promise<readonly string[]> {
    try {
      return await readdir(join(this.#folder, INCOMING));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  #fileOf(imageId: string): string {
    // No path can be made of it.
    if (KEY.test(imageId) && imageId !== INCOMING) return join(this.#folder, imageId);
    throw new KilonovaError("internal", `${JSON.stringify(imageId)} is no id of image data.`);
  }
}

class TooLong extends Error {}

/** Writes a stream to a new file and on to the disk. */
async function receive(file: string, bytes: Readable, limit: number): Promise<StoredImage> {
  const [md5, sha512] = [createHash("md5"), createHash("sha512")];
  let size = 0;
  const handle = await open(file, "wx", 0o600);
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw new TooLong(`The image is longer than ${limit} bytes.`);
      md5.update(chunk);
      sha512.update(chunk);
      await writeAll(handle, chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { size, md5: md5.digest("hex"), sha512: sha512.digest("hex") };
}

async function writeAll(handle: FileHandle, chunk: Buffer): Promise<void> {
  let offset = 0;
  while (offset < chunk.length) {
    const { bytesWritten } = await handle.write(chunk, offset);
    offset += bytesWritten;
  }
}

/** A new name is on the disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
