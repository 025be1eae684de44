import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { RequestContext } from "@kilonova/messaging";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discardedData, images } from "./tables.js";
import { type LiveImage, liveImage } from "./testing/live-image.js";
import { Uploads } from "./uploads.js";

let image: LiveImage;

beforeAll(async () => {
  image = await liveImage({ publicEndpoint: "http://image.example.org:8774/" });
});
afterAll(() => image.stop());

const of = (projectId: string) => new RequestContext({ userId: "ann", projectId, roles: ["member"] });

async function newImage(values: Partial<typeof images.$inferInsert> = {}): Promise<string> {
  const id = randomUUID();
  await image.database.insert(images).values({
    id,
    name: "cirros",
    status: "queued",
    visibility: "shared",
    ownerId: "alpha",
    diskFormat: "qcow2",
    containerFormat: "bare",
    minDisk: 1,
    minRam: 64,
    isProtected: false,
    isHidden: false,
    tags: [],
    properties: { hw_disk_bus: "virtio" },
    ...values,
  });
  return id;
}

const whole = { size: 3, checksum: "ab", sha512: "cd" };
const active = () => ({ status: "active", dataId: randomUUID(), ...whole }) as const;

describe("getImage", () => {
  test("tells an image to its project and to administrators", async () => {
    const data = active();
    const imageId = await newImage(data);
    for (const context of [of("alpha"), RequestContext.admin()]) {
      const answer = await image.call.getImage(context, { imageId });
      expect(answer).toMatchObject({
        ok: true,
        value: {
          id: imageId,
          name: "cirros",
          status: "active",
          ownerId: "alpha",
          diskFormat: "qcow2",
          minDisk: 1,
          minRam: 64,
          properties: { hw_disk_bus: "virtio" },
          ...whole,
        },
      });
    }
    expect(await image.call.getImage(of("beta"), { imageId })).toMatchObject({ ok: false, refusal: "imageNotFound" });
  });

  test("tells public and community images to all", async () => {
    for (const visibility of ["public", "community"] as const) {
      const imageId = await newImage({ visibility });
      expect(await image.call.getImage(of("beta"), { imageId })).toMatchObject({ ok: true, value: { visibility } });
    }
  });
});

describe("issueTicket", () => {
  test("gives the data route of an active image and a ticket for it", async () => {
    const imageId = await newImage(active());
    const answer = await image.call.issueTicket(of("alpha"), { imageId });
    expect(answer).toMatchObject({
      ok: true,
      value: { url: `http://image.example.org:8774/image/v2/images/${imageId}/file` },
    });
  });

  test("gives none for an image that is not active, or that may not be seen", async () => {
    const imageId = await newImage();
    expect(await image.call.issueTicket(of("alpha"), { imageId })).toMatchObject({
      ok: false,
      refusal: "imageNotActive",
      details: { imageId, status: "queued" },
    });
    const foreign = await newImage(active());
    expect(await image.call.issueTicket(of("beta"), { imageId: foreign })).toMatchObject({ refusal: "imageNotFound" });
  });
});

describe("an upload whose process died", () => {
  const statusOf = async (id: string) =>
    (await image.database.select().from(images).where(eq(images.id, id)))[0]?.status;

  test("leaves a queued image when its lease is over, and no bytes", async () => {
    const [imageId, dataId] = [await newImage(), randomUUID()];
    const uploads = new Uploads(image.database);
    expect(await uploads.begin(imageId, dataId)).toBe(true);
    // It got as far as the store.
    await image.store.write(dataId, Readable.from([Buffer.from("abc")]), 10);
    await image.manager.initHost(RequestContext.admin());
    expect(await statusOf(imageId)).toBe("saving");

    await image.database
      .update(images)
      .set({ uploadLeaseUntil: sql`now() - interval '1 second'` })
      .where(eq(images.id, imageId));
    await image.manager.initHost(RequestContext.admin());
    expect(await statusOf(imageId)).toBe("queued");
    expect(await image.files()).toEqual([dataId]);

    await image.database.update(discardedData).set({ dueAt: sql`now()` });
    await image.manager.clearUp(RequestContext.admin());
    expect(await image.files()).toEqual([]);
    expect(await image.database.select().from(discardedData)).toEqual([]);
  });

  test("cannot come back to life, and gives way to the next at once", async () => {
    const [imageId, dead, next] = [await newImage(), randomUUID(), randomUUID()];
    const uploads = new Uploads(image.database);
    await uploads.begin(imageId, dead);
    expect(await uploads.begin(imageId, next)).toBe(false);
    await image.database
      .update(images)
      .set({ uploadLeaseUntil: sql`now() - interval '1 second'` })
      .where(eq(images.id, imageId));
    expect(await uploads.begin(imageId, next)).toBe(true);

    expect(await uploads.renew(imageId, dead)).toBe(false);
    expect(await uploads.finish(imageId, dead, { size: 1, md5: "a", sha512: "b" })).toBe(false);
    await uploads.giveBack(imageId, dead);
    expect(await statusOf(imageId)).toBe("saving");
    expect(await uploads.finish(imageId, next, { size: 2, md5: "a", sha512: "b" })).toBe(true);
    expect(await statusOf(imageId)).toBe("active");
  });

  test("keeps its lease while it says that it is alive", async () => {
    const [imageId, dataId] = [await newImage(), randomUUID()];
    const uploads = new Uploads(image.database);
    await uploads.begin(imageId, dataId);
    await image.database
      .update(images)
      .set({ uploadLeaseUntil: sql`now() - interval '1 second'` })
      .where(eq(images.id, imageId));
    expect(await uploads.renew(imageId, dataId)).toBe(true);
    await uploads.putBackAbandoned();
    expect(await statusOf(imageId)).toBe("saving");
  });
});

test("bytes that cannot be removed are tried again, and keep no others from it", async () => {
  const fails = new Set<string>();
  const other = await liveImage({}, (store) => {
    const remove = store.delete.bind(store);
    store.delete = async (id) => {
      if (fails.has(id)) throw new Error("the disk is away");
      await remove(id);
    };
    return store;
  });
  try {
    const [stuck, free] = [randomUUID(), randomUUID()];
    fails.add(stuck);
    for (const id of [stuck, free]) await other.store.write(id, Readable.from([Buffer.from("x")]), 1);
    await other.database.insert(discardedData).values([stuck, free].map((dataId) => ({ dataId, dueAt: sql`now()` })));
    await other.manager.clearUp(RequestContext.admin());
    expect(await other.files()).toEqual([stuck]);
    fails.clear();
    await other.database.update(discardedData).set({ dueAt: sql`now()` });
    await other.manager.clearUp(RequestContext.admin());
    expect(await other.files()).toEqual([]);
  } finally {
    await other.stop();
  }
});
