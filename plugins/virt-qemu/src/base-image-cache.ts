import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ImageSource, KilonovaError } from "@kilonova/plugin-api";
import { downloadImage, type ImageChecksum, type ImageContent } from "./image-download.js";
import { type ImageFormat, readImageHeader } from "./image-header.js";
import { imageInfo, type QemuImgOptions } from "./qemu-img.js";

/** An image that a guest is to be made of. */
export interface BaseImageRequest extends ImageContent {
  /** Where its bytes are; asked only where they are not in the cache. */
  readonly source: () => Promise<ImageSource>;
  /** The format that the image's record names. */
  readonly format: ImageFormat;
}

/** A verified image in the cache. Its file is never written again. */
export interface BaseImage {
  readonly path: string;
  readonly format: ImageFormat;
  readonly virtualSizeBytes: number;
}

export interface BaseImageCacheOptions {
  readonly directory: string;
  /** Images of more bytes are refused unread. */
  readonly maxImageBytes: number;
  /** The longest wait for an answer, or for the next bytes of one, in milliseconds. */
  readonly stallTimeoutMs: number;
  readonly qemuImg?: QemuImgOptions;
}

interface Filling {
  readonly image: Promise<BaseImage>;
  readonly controller: AbortController;
  waiting: number;
}

const PARTIAL = ".partial";
const DIGEST_LENGTH = { md5: 32, sha256: 64, sha512: 128 } as const;

/**
 * The base images of one host, each fetched once, under its checksum: equal images are kept once, and an image that is there was
 * verified. The folder belongs to one compute service alone.
 */
export class BaseImageCache {
  private readonly options: BaseImageCacheOptions;
  private readonly filling = new Map<string, Filling>();

  private constructor(options: BaseImageCacheOptions) {
    this.options = options;
  }

  /** Opens the cache, making the folder where needed, and removes halves of images that a killed process left. */
  static async open(options: BaseImageCacheOptions): Promise<BaseImageCache> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const halves = (await readdir(options.directory)).filter((name) => name.endsWith(PARTIAL));
    await Promise.all(halves.map((name) => rm(join(options.directory, name), { force: true })));
    return new BaseImageCache(options);
  }

  /**
   * The image, fetched where it is not there yet. Callers who want the same at the same time share one download, which goes on
   * until the last of them gives up; a failed one leaves nothing behind, and the next call tries anew.
   *
   * @throws KilonovaError `image.unavailable` with `details.reason`; the signal's reason where it was aborted.
   */
  async get(request: BaseImageRequest, signal?: AbortSignal): Promise<BaseImage> {
    signal?.throwIfAborted();
    const name = fileName(request);
    if (request.sizeBytes > this.options.maxImageBytes) {
      throw refuse(`it has ${request.sizeBytes} bytes, and at most ${this.options.maxImageBytes} are taken`);
    }
    const filling = this.filling.get(name) ?? this.start(name, request);
    filling.waiting++;
    try {
      return await untilAborted(filling.image, signal);
    } finally {
      filling.waiting--;
      if (filling.waiting === 0) this.abandon(name, filling);
    }
  }

  private start(name: string, request: BaseImageRequest): Filling {
    const controller = new AbortController();
    const image = this.fill(name, request, controller.signal);
    const filling = { image, controller, waiting: 0 };
    this.filling.set(name, filling);
    return filling;
  }

  /** Nobody waits for the image any more: it is there, failed, or is not wanted. */
  private abandon(name: string, filling: Filling): void {
    if (this.filling.get(name) === filling) this.filling.delete(name);
    filling.controller.abort();
    filling.image.catch(() => {});
  }

  private async fill(name: string, request: BaseImageRequest, signal: AbortSignal): Promise<BaseImage> {
    const path = join(this.options.directory, name);
    const kept = await readImageHeader(path, request.format).catch(missingFile);
    if (kept) return { path, ...kept };
    const partial = join(this.options.directory, `${name}.${randomUUID()}${PARTIAL}`);
    try {
      await downloadImage(await request.source(), request, partial, {
        stallTimeoutMs: this.options.stallTimeoutMs,
        signal,
      });
      const header = await readImageHeader(partial, request.format);
      await this.crossCheck(partial, request.format, signal);
      await rename(partial, path);
      return { path, ...header };
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }

  /** A second opinion, of the program that will open the image. */
  private async crossCheck(path: string, format: ImageFormat, signal: AbortSignal): Promise<void> {
    const info = await imageInfo(path, format, { ...this.options.qemuImg, signal }).catch((cause: Error) => {
      signal.throwIfAborted();
      throw refuse(cause.message);
    });
    if (info.backingFile !== undefined) throw refuse("it has a backing file");
  }
}

function fileName({ checksum, format }: BaseImageRequest): string {
  if (!isDigest(checksum)) throw refuse(`${JSON.stringify(checksum.value)} is no ${checksum.algorithm} checksum`);
  return `${checksum.algorithm}-${checksum.value}.${format}`;
}

function isDigest({ algorithm, value }: ImageChecksum): boolean {
  return value.length === DIGEST_LENGTH[algorithm] && /^[0-9a-f]+$/.test(value);
}

async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return promise;
  let dispose = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const giveUp = () => reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    dispose = () => signal.removeEventListener("abort", giveUp);
  });
  return Promise.race([promise, aborted]).finally(dispose);
}

function missingFile(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

function refuse(why: string): KilonovaError {
  return new KilonovaError("image.unavailable", `the image cannot be used: ${why}`, { details: { reason: "content" } });
}
