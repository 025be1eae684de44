import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { type ByteRange, ImageStore, KilonovaError, type StoredImage } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { imageStoreSuite } from "./image-store-suite.js";
import { failingNames } from "./testing/failing-checks.js";

/** Keeps images in a map that outlives it. */
class MapStore extends ImageStore {
  constructor(protected readonly images: Map<string, Buffer>) {
    super();
  }

  override async write(imageId: string, bytes: Readable, limit: number): Promise<StoredImage> {
    const whole = await this.receive(bytes, limit);
    this.images.set(imageId, whole);
    const digest = (algorithm: string) => createHash(algorithm).update(whole).digest("hex");
    return { size: whole.length, md5: digest("md5"), sha512: digest("sha512") };
  }

  protected async receive(bytes: Readable, limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of bytes as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > limit) throw new Error(`it is longer than ${limit} bytes`);
        chunks.push(chunk);
      }
    } catch (cause) {
      throw new KilonovaError("image.unavailable", "The image did not come whole.", { cause });
    }
    return Buffer.concat(chunks);
  }

  override async read(imageId: string, range?: ByteRange): Promise<Readable> {
    const bytes = this.images.get(imageId);
    if (!bytes) throw new KilonovaError("image.unavailable", `There is no image ${imageId}.`);
    return Readable.from([bytes.subarray(range?.start, range?.end)]);
  }

  override async delete(imageId: string): Promise<void> {
    this.images.delete(imageId);
  }
}

class Inclusive extends MapStore {
  override read(imageId: string, range?: ByteRange): Promise<Readable> {
    return super.read(imageId, range && { start: range.start, end: range.end + 1 });
  }
}

class Hasty extends MapStore {
  override write(imageId: string, bytes: Readable, limit: number): Promise<StoredImage> {
    this.images.set(imageId, Buffer.from("to come"));
    return super.write(imageId, bytes, limit);
  }
}

class Boundless extends MapStore {
  protected override receive(bytes: Readable): Promise<Buffer> {
    return super.receive(bytes, 2_000_000);
  }
}

class Forgetful extends MapStore {
  constructor() {
    super(new Map());
  }
}

class Sensitive extends MapStore {
  override async delete(imageId: string): Promise<void> {
    if (!this.images.delete(imageId)) throw new KilonovaError("image.unavailable", `There is no image ${imageId}.`);
  }
}

function suite(Store: new (images: Map<string, Buffer>) => ImageStore) {
  return imageStoreSuite(async () => {
    const images = new Map<string, Buffer>();
    return { makeStore: async () => new Store(images), stored: async () => images.size, end: async () => {} };
  });
}

describe("the image store suite", () => {
  for (const check of suite(MapStore)) it(`passes a good store: ${check.name}`, check.run);

  it.each<[string, new (images: Map<string, Buffer>) => ImageStore, readonly string[]]>([
    ["gives one byte too many", Inclusive, ["a range is read from its start up to but without its end"]],
    [
      "takes more than the limit",
      Boundless,
      [
        "as many bytes as the limit are taken, one more is refused and leaves nothing behind",
        "what was there stays when its successor breaks off or is too long",
      ],
    ],
    [
      "overwrites before the bytes are whole",
      Hasty,
      [
        "as many bytes as the limit are taken, one more is refused and leaves nothing behind",
        "a stream without an end is refused at the limit",
        "a stream that breaks off leaves nothing behind, by its error or without one",
        "what was there stays when its successor breaks off or is too long",
      ],
    ],
    [
      "keeps bytes in its own memory",
      Forgetful,
      [
        "bytes are kept as they came, with their size and checksums, for another store object too",
        "new bytes take the place of old ones, be they more or fewer",
        "as many bytes as the limit are taken, one more is refused and leaves nothing behind",
        "what was there stays when its successor breaks off or is too long",
        "bytes are deleted, which is safe to repeat, and of none",
      ],
    ],
    ["deletes but once", Sensitive, ["bytes are deleted, which is safe to repeat, and of none"]],
  ])("fails one that %s", async (_, Store, names) => {
    expect(await failingNames(suite(Store))).toEqual(names);
  });
});
