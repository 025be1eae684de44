import { Readable } from "node:stream";
import { silentLogger } from "@kilonova/plugin-api";
import { FakeClock } from "@kilonova/plugin-testing";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ImageReceiver } from "./image-receiver.js";
import { images } from "./tables.js";
import { ApiClient } from "./testing/api-client.js";
import { type LiveImage, liveImage } from "./testing/live-image.js";
import { Uploads } from "./uploads.js";

let image: LiveImage;
let ann: ApiClient;

beforeAll(async () => {
  image = await liveImage();
  ann = new ApiClient(image, "ann/alpha/member");
});
afterAll(() => image.stop());

test("an upload renews its lease, and ends when it has lost it", async () => {
  const clock = new FakeClock();
  const receiver = new ImageReceiver(new Uploads(image.database), image.store, clock, silentLogger, 100);
  const id = await ann.create();
  const receiving = receiver.receive(id, new Readable({ read: () => undefined }));
  await expect.poll(() => clock.sleeping).toBe(1);
  await image.database
    .update(images)
    .set({ uploadLeaseUntil: sql`now() - interval '1 minute'` })
    .where(eq(images.id, id));
  await clock.advance(10_000);
  await expect.poll(() => clock.sleeping).toBe(1);
  expect(await new Uploads(image.database).putBackAbandoned()).toBe(0);

  await ann.ask("DELETE", `/images/${id}`);
  await clock.advance(10_000);
  expect(await receiving).toBe("gone");
  expect(await image.files()).toEqual([]);
});

test("nobody knows whether an upload is active whose last step got no answer: its bytes stay", async () => {
  const uploads = new Uploads(image.database);
  uploads.finish = async (...args) => {
    await Uploads.prototype.finish.apply(uploads, args);
    throw new Error("the connection broke");
  };
  const receiver = new ImageReceiver(uploads, image.store, new FakeClock(), silentLogger, 100);
  const id = await ann.create();
  await expect(receiver.receive(id, Readable.from([Buffer.from("bytes")]))).rejects.toThrow("the connection broke");
  expect((await ann.ask("GET", `/images/${id}/file`)).body).toBe("bytes");
});
