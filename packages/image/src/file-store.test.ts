import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileStore } from "./file-store.js";
import { imageOptions } from "./options.js";

let folder: string;
let store: FileStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kilonova-file-store-"));
  store = new FileStore(imageOptions.schema.parse({}), folder);
});
afterEach(() => rm(folder, { recursive: true }));

function chunks(...parts: Buffer[]): Readable {
  return Readable.from(parts);
}

async function filesIn(): Promise<string[]> {
  const entries = await readdir(join(folder, "images"), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe("the file store", () => {
  test("keeps bytes in a folder beside the configuration, with their digests", async () => {
    const bytes = randomBytes(300_000);
    const stored = await store.write("one", chunks(bytes.subarray(0, 7), bytes.subarray(7)), 300_000);
    expect(stored).toEqual({
      size: 300_000,
      md5: createHash("md5").update(bytes).digest("hex"),
      sha512: createHash("sha512").update(bytes).digest("hex"),
    });
    expect(await buffer(await store.read("one"))).toEqual(bytes);
    expect(await filesIn()).toEqual(["one"]);
    expect((await stat(join(folder, "images", "one"))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "images"))).mode & 0o777).toBe(0o700);
  });

  test("gives a range of them", async () => {
    await store.write("one", chunks(Buffer.from("0123456789")), 10);
    expect((await buffer(await store.read("one", { start: 2, end: 5 }))).toString()).toBe("234");
    expect((await buffer(await store.read("one", { start: 9, end: 10 }))).toString()).toBe("9");
    expect((await buffer(await store.read("one", { start: 4, end: 4 }))).toString()).toBe("");
  });

  test("refuses one byte more than the limit, and keeps nothing of it", async () => {
    const writing = store.write("one", chunks(Buffer.alloc(10), Buffer.alloc(1)), 10);
    await expect(writing).rejects.toMatchObject({ code: "image.unavailable", details: { limit: 10 } });
    expect(await filesIn()).toEqual([]);
  });

  test("keeps nothing of a stream that breaks off, and what was there before stays", async () => {
    await store.write("one", chunks(Buffer.from("before")), 100);
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from("after");
        throw new Error("cable pulled");
      })(),
    );
    await expect(store.write("one", broken, 100)).rejects.toMatchObject({ code: "image.unavailable" });
    expect(await filesIn()).toEqual(["one"]);
    expect((await buffer(await store.read("one"))).toString()).toBe("before");
  });

  test("is told of a stream that breaks off before its first byte is read", async () => {
    const bytes = new Readable({ read() {} });
    const writing = store.write("one", bytes, 100);
    bytes.destroy(new Error("the client went away"));
    await expect(writing).rejects.toThrow("Image data one could not be stored: the client went away.");
    expect(await filesIn()).toEqual([]);
  });

  test("puts new bytes in place of old ones", async () => {
    await store.write("one", chunks(Buffer.from("before")), 100);
    await store.write("one", chunks(Buffer.from("after")), 100);
    expect((await buffer(await store.read("one"))).toString()).toBe("after");
  });

  test("forgets bytes, those on their way in too, and may be told so twice", async () => {
    await store.write("one", chunks(Buffer.from("x")), 100);
    const coming = new Readable({ read: () => undefined });
    const writing = store.write("two", coming, 100);
    coming.push("half");
    await expect.poll(filesIn).toHaveLength(2);
    for (const id of ["one", "two", "one"]) await store.delete(id);
    coming.push(null);
    await expect(writing).rejects.toMatchObject({ code: "image.unavailable" });
    expect(await filesIn()).toEqual([]);
    await expect(store.read("one")).rejects.toMatchObject({ code: "image.unavailable" });
  });

  test("makes no path of an id", async () => {
    for (const id of ["../one", "a/b", "", ".", "incoming"]) {
      await expect(store.read(id)).rejects.toMatchObject({ code: "internal" });
      await expect(store.delete(id)).rejects.toMatchObject({ code: "internal" });
      await expect(store.write(id, chunks(Buffer.alloc(1)), 1)).rejects.toMatchObject({ code: "internal" });
    }
  });
});
