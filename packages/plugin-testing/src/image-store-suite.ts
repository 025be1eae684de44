import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type ImageStore, isOfKind } from "@kilonova/plugin-api";
import { checksInWorld, type WorldChecks } from "./checks-in-world.js";
import type { ContractCheck } from "./contract-check.js";
import { rejectsWith, soon } from "./settled.js";

/** The stores that the checks work on: empty at first, and all of the same bytes. */
export interface ImageStoreWorld {
  /** One more store object for the same bytes: what a restart of the service makes. */
  makeStore(): Promise<ImageStore>;
  /**
   * How many things are kept, those on their way in too, where that can be looked at: what a store leaves behind of bytes
   * that never came whole is not checked otherwise.
   */
  stored?(): Promise<number>;
  /** Ends what the world holds, bytes included. */
  end(): Promise<void>;
}

/** What every image store promises, as checks for any test runner. */
export function imageStoreSuite(makeWorld: () => Promise<ImageStoreWorld>): readonly ContractCheck[] {
  return checksInWorld(checks, makeWorld);
}

const UNAVAILABLE = "image.unavailable";

const checks: WorldChecks<ImageStoreWorld> = {
  "an image store says that it is one": async (world) => {
    assert.ok(isOfKind(await world.makeStore(), "image-store"), "its class does not extend ImageStore");
  },

  "bytes are kept as they came, with their size and checksums, for another store object too": async (world) => {
    const [store, id, bytes] = [await world.makeStore(), randomUUID(), randomBytes(1_500_000)];
    const stored = await soon("the write", store.write(id, inChunks(bytes, 1, 65_536, 200_000), bytes.length));
    assert.deepEqual({ ...stored }, checksumsOf(bytes));
    await holds(store, id, bytes);
    await holds(await world.makeStore(), id, bytes);
  },

  "no bytes at all are an image too": async (world) => {
    const [store, id] = [await world.makeStore(), randomUUID()];
    assert.deepEqual({ ...(await soon("the write", store.write(id, inChunks(NOTHING), 10))) }, checksumsOf(NOTHING));
    await holds(store, id, NOTHING);
  },

  "a range is read from its start up to but without its end": async (world) => {
    const [store, id, bytes] = [await world.makeStore(), randomUUID(), randomBytes(200_000)];
    await soon("the write", store.write(id, inChunks(bytes), bytes.length));
    for (const [start, end] of [
      [0, bytes.length],
      [0, 1],
      [bytes.length - 1, bytes.length],
      [70_000, 140_000],
      [5, 5],
    ] as const) {
      const part = await soon("the read", buffer(await store.read(id, { start, end })));
      assert.ok(part.equals(bytes.subarray(start, end)), `bytes ${start} to ${end}: received ${part.length} others`);
    }
  },

  "new bytes take the place of old ones, be they more or fewer": async (world) => {
    const [store, id] = [await world.makeStore(), randomUUID()];
    for (const size of [1_000, 10, 2_000]) {
      const bytes = randomBytes(size);
      assert.deepEqual({ ...(await soon("the write", store.write(id, inChunks(bytes), 2_000))) }, checksumsOf(bytes));
      await holds(store, id, bytes);
    }
    await keeps(world, 1);
  },

  "as many bytes as the limit are taken, one more is refused and leaves nothing behind": async (world) => {
    const [store, whole, tooLong] = [await world.makeStore(), randomUUID(), randomUUID()];
    const bytes = randomBytes(1_000);
    await soon("the write", store.write(whole, inChunks(bytes, 999), bytes.length));
    await rejectsWith(UNAVAILABLE, store.write(tooLong, inChunks(bytes, 999), bytes.length - 1));
    await rejectsWith(UNAVAILABLE, readWhole(store, tooLong));
    await holds(store, whole, bytes);
    await keeps(world, 1);
  },

  "a stream without an end is refused at the limit": async (world) => {
    const [store, id] = [await world.makeStore(), randomUUID()];
    const endless = Readable.from(endlessBytes());
    await rejectsWith(UNAVAILABLE, store.write(id, endless, 1_000_000));
    endless.destroy();
    await rejectsWith(UNAVAILABLE, readWhole(store, id));
    await keeps(world, 0);
  },

  "a stream that breaks off leaves nothing behind, by its error or without one": async (world) => {
    const store = await world.makeStore();
    for (const broken of [failingStream(), destroyedStream()]) {
      const id = randomUUID();
      await rejectsWith(UNAVAILABLE, store.write(id, broken, 1_000));
      await rejectsWith(UNAVAILABLE, readWhole(store, id));
    }
    await keeps(world, 0);
  },

  "what was there stays when its successor breaks off or is too long": async (world) => {
    const [store, id, bytes] = [await world.makeStore(), randomUUID(), randomBytes(100)];
    await soon("the write", store.write(id, inChunks(bytes), 100));
    await rejectsWith(UNAVAILABLE, store.write(id, failingStream(), 1_000));
    await holds(store, id, bytes);
    await rejectsWith(UNAVAILABLE, store.write(id, inChunks(randomBytes(101)), 100));
    await holds(store, id, bytes);
    await keeps(world, 1);
  },

  "there is nothing to read under an id that was never written": async (world) => {
    await rejectsWith(UNAVAILABLE, readWhole(await world.makeStore(), randomUUID()));
    await rejectsWith(UNAVAILABLE, readWhole(await world.makeStore(), randomUUID(), { start: 0, end: 1 }));
  },

  "bytes are deleted, which is safe to repeat, and of none": async (world) => {
    const [store, id, other] = [await world.makeStore(), randomUUID(), randomUUID()];
    for (const each of [id, other]) await soon("the write", store.write(each, inChunks(randomBytes(100)), 100));
    await soon("the delete", store.delete(randomUUID()));
    await soon("the delete", store.delete(id));
    await rejectsWith(UNAVAILABLE, readWhole(store, id));
    await soon("the second delete", store.delete(id));
    await soon("the third delete", (await world.makeStore()).delete(id));
    assert.equal((await soon("the read", readWhole(store, other))).length, 100, "another image was deleted");
    await keeps(world, 1);
  },

  "deleted bytes may be written again": async (world) => {
    const [store, id, bytes] = [await world.makeStore(), randomUUID(), randomBytes(100)];
    await soon("the write", store.write(id, inChunks(randomBytes(200)), 200));
    await soon("the delete", store.delete(id));
    await soon("the write", store.write(id, inChunks(bytes), 200));
    await holds(store, id, bytes);
  },

  "images are written side by side, each with its own bytes": async (world) => {
    const store = await world.makeStore();
    const images = Array.from({ length: 8 }, () => ({ id: randomUUID(), bytes: randomBytes(100_000) }));
    await soon("the writes", Promise.all(images.map(({ id, bytes }) => store.write(id, inChunks(bytes, 50_000), 1e6))));
    for (const { id, bytes } of images) await holds(store, id, bytes);
  },

  "whoever reads may leave before the end": async (world) => {
    const [store, id, bytes] = [await world.makeStore(), randomUUID(), randomBytes(1_000_000)];
    await soon("the write", store.write(id, inChunks(bytes), bytes.length));
    const reading = await store.read(id);
    const closed = new Promise<void>((resolve) => reading.once("close", resolve));
    for await (const _chunk of reading) break;
    await soon("the end of the stream", closed);
    await holds(store, id, bytes);
    await soon("the delete", store.delete(id));
  },
};

const NOTHING = Buffer.alloc(0);

/** A stream of bytes, cut at the given places. */
function inChunks(bytes: Buffer, ...cuts: readonly number[]): Readable {
  const edges = [0, ...cuts.filter((cut) => cut < bytes.length), bytes.length];
  return Readable.from(edges.slice(1).map((end, index) => bytes.subarray(edges[index], end)));
}

async function* endlessBytes(): AsyncGenerator<Buffer> {
  for (;;) {
    // A store that reads on for ever must not keep the check's own time limit from running out.
    await new Promise((resolve) => setImmediate(resolve));
    yield Buffer.alloc(10_000);
  }
}

function failingStream(): Readable {
  return Readable.from(
    (async function* () {
      yield Buffer.from("half");
      throw new Error("the connection broke");
    })(),
  );
}

/** As a request's body ends whose sender went away. */
function destroyedStream(): Readable {
  let hasBegun = false;
  return new Readable({
    read() {
      if (hasBegun) return void setImmediate(() => this.destroy());
      hasBegun = true;
      this.push(Buffer.from("half"));
    },
  });
}

function checksumsOf(bytes: Buffer): { readonly size: number; readonly md5: string; readonly sha512: string } {
  const digest = (algorithm: string) => createHash(algorithm).update(bytes).digest("hex");
  return { size: bytes.length, md5: digest("md5"), sha512: digest("sha512") };
}

/** The failure may come with the answer or while it is read. */
async function readWhole(store: ImageStore, id: string, range?: { start: number; end: number }): Promise<Buffer> {
  return buffer(await store.read(id, range));
}

async function holds(store: ImageStore, id: string, bytes: Buffer): Promise<void> {
  const found = await soon("the read", readWhole(store, id));
  assert.ok(found.equals(bytes), `${found.length} bytes came back for ${bytes.length}, or others`);
}

async function keeps(world: ImageStoreWorld, images: number): Promise<void> {
  if (world.stored) assert.equal(await world.stored(), images, "of how many images something is kept");
}
