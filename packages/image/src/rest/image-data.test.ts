import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { RequestContext } from "@kilonova/messaging";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discardedData, images } from "../tables.js";
import { ApiClient } from "../testing/api-client.js";
import { type LiveImage, liveImage } from "../testing/live-image.js";

const LIMIT = 1_000_000;

let image: LiveImage;
let ann: ApiClient;
let bob: ApiClient;

beforeAll(async () => {
  image = await liveImage({ maxSizeGb: LIMIT / 2 ** 30 });
  ann = new ApiClient(image, "ann/alpha/member");
  bob = new ApiClient(image, "bob/beta/member");
});
afterAll(() => image.stop());

/** An upload by hand: its head is sent, and as much of the body as is told. */
async function startUpload(id: string, framing: string, body: string | Buffer): Promise<Socket> {
  const { hostname, port, pathname } = new URL(`${image.url}/images/${id}/file`);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(
    `PUT ${pathname} HTTP/1.1\r\nHost: image\r\nX-Auth-Token: ann/alpha/member\r\nContent-Type: application/octet-stream\r\n${framing}\r\n\r\n`,
  );
  socket.write(body);
  return socket;
}

/** Until the upload has begun and something of it is in the store's folder. */
async function underWay(id: string, before: readonly string[]): Promise<void> {
  await expect.poll(() => ann.statusOf(id)).toBe("saving");
  await expect.poll(async () => (await image.files()).length).toBe(before.length + 1);
}

describe("an upload", () => {
  test("makes the image active, with size and digests; the same bytes come back", async () => {
    const id = await ann.create();
    const bytes = randomBytes(700_001);
    expect((await ann.ask("PUT", `/images/${id}/file`, bytes)).status).toBe(204);
    expect((await ann.ask("GET", `/images/${id}`)).body).toMatchObject({
      status: "active",
      size: 700_001,
      checksum: createHash("md5").update(bytes).digest("hex"),
      os_hash_algo: "sha512",
      os_hash_value: createHash("sha512").update(bytes).digest("hex"),
    });
    const response = await fetch(`${image.url}/images/${id}/file`, { headers: { "X-Auth-Token": "ann/alpha/member" } });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("700001");
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("content-md5")).toBe(createHash("md5").update(bytes).digest("hex"));
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test("may come without a length, and may be empty", async () => {
    const [chunked, empty, nothing] = [await ann.create(), await ann.create(), await ann.create()];
    const socket = await startUpload(
      chunked,
      "Transfer-Encoding: chunked\r\nConnection: close",
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    expect(await text(socket)).toMatch(/^HTTP\/1.1 204 /);
    expect((await ann.ask("GET", `/images/${chunked}/file`)).body).toBe("abcde");
    await ann.ask("PUT", `/images/${empty}/file`, "");
    await ann.ask("PUT", `/images/${nothing}/file`);
    for (const id of [empty, nothing]) {
      expect((await ann.ask("GET", `/images/${id}`)).body).toMatchObject({ status: "active", size: 0 });
      expect(await ann.ask("GET", `/images/${id}/file`)).toMatchObject({ status: 200, body: "" });
    }
  });

  test.each([
    ["of a known length", `Content-Length: ${LIMIT - 1}`, Buffer.alloc(300_000)],
    ["of unknown length", "Transfer-Encoding: chunked", `493e0\r\n${"x".repeat(300_000)}\r\n`],
    ["in the middle of a chunk", "Transfer-Encoding: chunked", `493e0\r\n${"x".repeat(250_000)}`],
  ])("cut short, %s, leaves a queued image and no bytes", async (_what, framing, part) => {
    const [id, before] = [await ann.create(), await image.files()];
    const socket = await startUpload(id, framing, part);
    await underWay(id, before);
    socket.destroy();
    await expect.poll(() => ann.statusOf(id)).toBe("queued");
    expect(await image.files()).toEqual(before);
    expect((await ann.ask("GET", `/images/${id}`)).body).toMatchObject({ size: null, checksum: null });
    expect((await ann.ask("GET", `/images/${id}/file`)).status).toBe(204);

    expect((await ann.ask("PUT", `/images/${id}/file`, "whole")).status).toBe(204);
    expect((await ann.ask("GET", `/images/${id}/file`)).body).toBe("whole");
  });

  test("is the only one: a second is a 409, while it runs and afterwards", async () => {
    const [id, before] = [await ann.create(), await image.files()];
    const socket = await startUpload(id, "Content-Length: 10\r\nConnection: close", "01234");
    await underWay(id, before);
    expect((await ann.ask("PUT", `/images/${id}/file`, Buffer.alloc(500_000))).status).toBe(409);
    socket.write("56789");
    expect(await text(socket)).toMatch(/^HTTP\/1.1 204 /);
    expect((await ann.ask("PUT", `/images/${id}/file`, "other")).status).toBe(409);
    expect((await ann.ask("GET", `/images/${id}/file`)).body).toBe("0123456789");
  });

  test("is refused beyond the limit, and leaves nothing", async () => {
    const [announced, chunked, before] = [await ann.create(), await ann.create(), await image.files()];
    expect((await ann.ask("PUT", `/images/${announced}/file`, Buffer.alloc(LIMIT + 1))).status).toBe(413);
    const socket = await startUpload(
      chunked,
      "Transfer-Encoding: chunked",
      `${(LIMIT + 1).toString(16)}\r\n${"x".repeat(LIMIT + 1)}\r\n`,
    );
    expect(await text(socket)).toMatch(/^HTTP\/1.1 413 /);
    for (const id of [announced, chunked]) expect(await ann.statusOf(id)).toBe("queued");
    expect(await image.files()).toEqual(before);

    const exact = await ann.create();
    expect((await ann.ask("PUT", `/images/${exact}/file`, Buffer.alloc(LIMIT))).status).toBe(204);
  });

  test("needs the formats, and octets", async () => {
    const [bare, id] = [await ann.create({ disk_format: null }), await ann.create()];
    expect((await ann.ask("PUT", `/images/${bare}/file`, "x")).status).toBe(400);
    expect((await ann.ask("PUT", `/images/${id}/file`, { no: "octets" })).status).toBe(415);
    expect(await ann.statusOf(id)).toBe("queued");
  });

  test("of an image that is deleted meanwhile leaves no bytes", async () => {
    const [id, before] = [await ann.create(), await image.files()];
    const socket = await startUpload(id, "Content-Length: 10\r\nConnection: close", "01234");
    await underWay(id, before);
    expect((await ann.ask("DELETE", `/images/${id}`)).status).toBe(204);
    socket.write("56789");
    expect(await text(socket)).toMatch(/^HTTP\/1.1 410 /);
    expect(await image.files()).toEqual(before);
  });

  test("that was given up for dead cannot harm the next one", async () => {
    const [id, before] = [await ann.create(), await image.files()];
    const slow = await startUpload(id, "Content-Length: 10\r\nConnection: close", "01234");
    await underWay(id, before);
    await image.database
      .update(images)
      .set({ uploadLeaseUntil: sql`now() - interval '1 second'` })
      .where(eq(images.id, id));
    expect((await ann.ask("PUT", `/images/${id}/file`, "next")).status).toBe(204);
    slow.write("56789");
    expect(await text(slow)).toMatch(/^HTTP\/1.1 410 /);
    expect((await ann.ask("GET", `/images/${id}/file`)).body).toBe("next");
    expect(await image.files()).toHaveLength(before.length + 1);
    await image.database.update(discardedData).set({ dueAt: sql`now()` });
    await image.manager.clearUp(RequestContext.admin());
    expect((await ann.ask("GET", `/images/${id}/file`)).body).toBe("next");
  });
});

test("an upload that the store cannot keep is the service's fault, and leaves a queued image", async () => {
  const broken = await liveImage({}, (store) => {
    store.write = async () => {
      throw new Error("no space left on device");
    };
    return store;
  });
  try {
    const client = new ApiClient(broken, "ann/alpha/member");
    const id = await client.create();
    const { status, body } = await client.ask("PUT", `/images/${id}/file`, "x");
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain("space");
    expect(await client.statusOf(id)).toBe("queued");
  } finally {
    await broken.stop();
  }
});

describe("a download", () => {
  let id: string;

  beforeAll(async () => {
    id = await ann.create();
    await ann.ask("PUT", `/images/${id}/file`, "0123456789");
  });

  test.each([
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=-20", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["bytes=5-2", 200, "0123456789", null],
    ["bytes=0-1,3-4", 200, "0123456789", null],
    ["lines=1-2", 200, "0123456789", null],
  ])("of %s", async (range, status, body, contentRange) => {
    const answer = await ann.ask("GET", `/images/${id}/file`, undefined, { Range: range });
    expect(answer).toMatchObject({ status, body });
    expect(answer.headers.get("content-range")).toBe(contentRange);
    expect(answer.headers.get("content-length")).toBe(String(body.length));
  });

  test.each(["bytes=10-", "bytes=-0", "bytes=99-100"])("of %s has nothing to give", async (range) => {
    const answer = await ann.ask("GET", `/images/${id}/file`, undefined, { Range: range });
    expect(answer.status).toBe(416);
    expect(answer.headers.get("content-range")).toBe("bytes */10");
  });

  test("needs an image that the caller may see, and that has data", async () => {
    expect((await bob.ask("GET", `/images/${id}/file`)).status).toBe(404);
    expect((await ann.ask("GET", `/images/${await ann.create()}/file`)).status).toBe(204);
  });
});

describe("a ticket", () => {
  const issue = async (imageId: string) => {
    const context = new RequestContext({ userId: "ann", projectId: "alpha", roles: ["member"] });
    const answer = await image.call.issueTicket(context, { imageId });
    if (!answer.ok) throw new Error(answer.refusal);
    return answer.value.ticket;
  };
  const withTicket = (method: string, path: string, ticket: string) =>
    fetch(image.url + path, { method, headers: { Authorization: `Bearer ${ticket}` } });

  test("opens the bytes of its image, and nothing else", async () => {
    const [id, other] = [await ann.create(), await ann.create()];
    for (const one of [id, other]) await ann.ask("PUT", `/images/${one}/file`, "bytes");
    const ticket = await issue(id);
    expect(await (await withTicket("GET", `/images/${id}/file`, ticket)).text()).toBe("bytes");
    for (const [method, path] of [
      ["GET", `/images/${other}/file`],
      ["GET", `/images/${id}`],
      ["GET", "/images"],
      ["DELETE", `/images/${id}`],
      ["PUT", `/images/${id}/file`],
      ["PUT", `/images/${id}/tags/x`],
      ["POST", `/images/${id}/actions/deactivate`],
      ["POST", "/images"],
      ["GET", "/schemas/image"],
    ] as const) {
      expect((await withTicket(method, path, ticket)).status, `${method} ${path}`).toBe(403);
    }
    expect(await ann.statusOf(id)).toBe("active");
  });

  test("is no good when it is forged, over, or its image is gone", async () => {
    const id = await ann.create();
    await ann.ask("PUT", `/images/${id}/file`, "bytes");
    const ticket = await issue(id);
    expect((await withTicket("GET", `/images/${id}/file`, `${ticket.slice(0, -2)}xx`)).status).toBe(401);
    expect((await withTicket("GET", `/images/${id}/file`, "")).status).toBe(401);
    await ann.ask("DELETE", `/images/${id}`);
    expect((await withTicket("GET", `/images/${id}/file`, ticket)).status).toBe(404);
    await image.clock.advance(600_000);
    expect((await withTicket("GET", `/images/${id}/file`, ticket)).status).toBe(401);
  });

  test("does not open an image that was taken out of use", async () => {
    const id = await ann.create();
    await ann.ask("PUT", `/images/${id}/file`, "bytes");
    const ticket = await issue(id);
    await new ApiClient(image, "root/admins/admin").ask("POST", `/images/${id}/actions/deactivate`);
    expect((await withTicket("GET", `/images/${id}/file`, ticket)).status).toBe(403);
  });
});
