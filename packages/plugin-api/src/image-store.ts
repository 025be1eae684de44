import type { Readable } from "node:stream";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";

/** What came of storing bytes. */
export interface StoredImage {
  /** Bytes */
  readonly size: number;
  /** In hex. */
  readonly md5: string;
  /** In hex. */
  readonly sha512: string;
}

/** Which part of an image: bytes from `start` up to but without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Keeps the bytes of images; never whole in memory. `image.store` names one; one object per process. */
export abstract class ImageStore {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "image-store", version: 1 };

  /**
   * Stores a stream under an id, in place of what was there. Nothing is left behind unless it came whole. The id is made
   * for each upload; letters, digits, `-` and `_`, 128 at most.
   *
   * @param limit bytes; more is refused
   * @throws KilonovaError `image.unavailable` when the stream breaks off or is too long
   */
  abstract write(imageId: string, bytes: Readable, limit: number): Promise<StoredImage>;

  /** @throws KilonovaError `image.unavailable` when there is nothing under the id */
  abstract read(imageId: string, range?: ByteRange): Promise<Readable>;

  /** Safe to repeat. */
  abstract delete(imageId: string): Promise<void>;
}
