import { createHmac } from "node:crypto";
import { FakeClock, sampleNotification } from "@kilonova/plugin-testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { webhookOptions } from "./options.js";
import { makeNotifier } from "./testing/make-notifier.js";
import { WebhookServer } from "./testing/webhook-server.js";

let server: WebhookServer;
beforeEach(async () => {
  server = await WebhookServer.start();
});
afterEach(() => server.end());

const never = new AbortController().signal;

async function failureOf(delivery: Promise<void>): Promise<string> {
  const error: unknown = await delivery.catch((thrown) => thrown);
  if (error instanceof Error) return error.message;
  throw new Error("it did not fail");
}

/** Moves on for as long as somebody sleeps. */
async function settledOn(clock: FakeClock, delivery: Promise<void>): Promise<number> {
  const began = clock.now();
  let isOver = false;
  const over = delivery.then(
    () => {
      isOver = true;
    },
    () => {
      isOver = true;
    },
  );
  while (!isOver) {
    if (clock.sleeping > 0) await clock.advance(100);
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await over;
  return clock.now() - began;
}

describe("a notification", () => {
  it("is posted whole, as JSON, to each address", async () => {
    const other = await WebhookServer.start();
    const notification = sampleNotification();
    await makeNotifier({ urls: [`${server.url}/hooks?a=1`, other.url] }).notify(notification, never);
    await other.end();
    for (const { received } of [server, other]) {
      expect(received).toHaveLength(1);
      expect(received[0]?.headers).toMatchObject({ "content-type": "application/json", "user-agent": "kilonova" });
      expect(JSON.parse(received[0]?.body ?? "")).toEqual(notification);
    }
    expect(server.received[0]).toMatchObject({ method: "POST", path: "/hooks?a=1" });
  });

  it.each([
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64")],
    ["a plain secret of some length", Buffer.from("a plain secret of some length")],
  ])("is signed so that the other side can check it, by %s", async (secret, key) => {
    const clock = new FakeClock();
    const notification = sampleNotification();
    await makeNotifier({ urls: [server.url], secret }, clock).notify(notification, never);
    const [received] = server.received;
    if (!received) throw new Error("it was posted");
    const { headers, body } = received;
    expect(headers["webhook-id"]).toBe(notification.messageId);
    expect(headers["webhook-timestamp"]).toBe(String(clock.now() / 1_000));
    const signed = `${notification.messageId}.${clock.now() / 1_000}.${body}`;
    const signature = createHmac("sha256", key).update(signed).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${signature}`);
  });

  it("is not signed without a secret", async () => {
    await makeNotifier({ urls: [server.url] }).notify(sampleNotification(), never);
    expect(server.received[0]?.headers).not.toHaveProperty("webhook-signature");
    expect(server.received[0]?.headers).toHaveProperty("webhook-id");
  });

  it("that nobody asked for is not posted", async () => {
    const notifier = makeNotifier({ urls: [server.url], events: ["instance.*", "rpc.error"] });
    for (const eventType of ["instance.create.end", "rpc.error", "rpc.errors", "service.degraded", "instances.x"]) {
      await notifier.notify(sampleNotification({ eventType }), never);
    }
    const posted = server.received.map(({ body }) => JSON.parse(body).eventType);
    expect(posted).toEqual(["instance.create.end", "rpc.error"]);
  });
});

describe("a failure", () => {
  it("that may pass is tried again under the same id, after pauses that grow", async () => {
    const clock = new FakeClock();
    server.answer = (response, count) => response.writeHead(count < 4 ? 500 : 200).end();
    const delivery = makeNotifier({ urls: [server.url], tries: 4, backoff: 1_000 }, clock).notify(
      sampleNotification(),
      never,
    );
    const took = await settledOn(clock, delivery);
    await delivery;
    expect(new Set(server.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(server.received).toHaveLength(4);
    expect(took).toBeGreaterThanOrEqual(500 + 1_000 + 2_000);
    expect(took).toBeLessThanOrEqual(1_000 + 2_000 + 4_000 + 300);
    expect(new Set(server.received.map(({ headers }) => headers["webhook-timestamp"])).size).toBeGreaterThan(1);
  });

  it("that says when to come back is heeded", async () => {
    for (const asked of [() => "7", (clock: FakeClock) => new Date(clock.now() + 7_000).toUTCString()]) {
      const clock = new FakeClock();
      const retryAfter = asked(clock);
      const already = server.received.length;
      server.answer = (response, count) =>
        count === already + 1
          ? response.writeHead(429, { "retry-after": retryAfter }).end()
          : response.writeHead(200).end();
      const delivery = makeNotifier({ urls: [server.url] }, clock).notify(sampleNotification(), never);
      expect(await settledOn(clock, delivery)).toBe(7_000);
      await delivery;
    }
  });

  it.each([400, 401, 404, 410])("with status %i is final", async (status) => {
    server.answer = (response) => response.writeHead(status).end();
    const words = await failureOf(makeNotifier({ urls: [server.url] }).notify(sampleNotification(), never));
    expect(words).toBe(`${server.url} answered ${status}`);
    expect(server.received).toHaveLength(1);
  });

  it("is what a redirect is: it is not followed", async () => {
    const elsewhere = await WebhookServer.start();
    server.answer = (response) => response.writeHead(307, { location: elsewhere.url }).end();
    const words = await failureOf(makeNotifier({ urls: [server.url] }).notify(sampleNotification(), never));
    expect(words).toBe(`${server.url} answered 307, a redirect, which is not followed`);
    expect([server.received.length, elsewhere.received.length]).toEqual([1, 0]);
    await elsewhere.end();
  });

  it("says how often it was tried, and names each address that failed, but no more of it than who it is", async () => {
    const gone = await WebhookServer.start();
    await gone.end();
    server.answer = (response) => response.writeHead(502).end();
    const secret = "a secret of some length";
    const urls = [`${server.url}/T0/hidden?token=hidden`, gone.url.replace("//", "//user:hidden@")];
    const notifier = makeNotifier({ urls, secret, tries: 2, backoff: 1 });
    const words = await failureOf(notifier.notify(sampleNotification(), never));
    expect(words).toBe(
      `${server.url} answered 502, at the last of 2 tries; ${gone.url} cannot be reached: ECONNREFUSED, at the last of 2 tries`,
    );
    expect(words).not.toMatch(/hidden|secret/);
  });

  it("of one address keeps the notification from no other", async () => {
    const other = await WebhookServer.start();
    server.answer = (response) => response.writeHead(400).end();
    const notifier = makeNotifier({ urls: [server.url, other.url] });
    await failureOf(notifier.notify(sampleNotification(), never));
    expect(other.received).toHaveLength(1);
    await other.end();
  });

  it("to answer in time ends a try", async () => {
    server.answer = (response, count) => {
      if (count > 1) response.writeHead(200).end();
    };
    const notifier = makeNotifier({ urls: [server.url], timeout: 50, backoff: 1 });
    await notifier.notify(sampleNotification(), never);
    expect(server.received).toHaveLength(2);
  });

  it("ends with the delivery's own time, also in a pause", async () => {
    const given = new AbortController();
    server.answer = (response) => {
      response.writeHead(503, { "retry-after": "3000" }).end(() => given.abort(new Error("too late")));
    };
    const words = await failureOf(makeNotifier({ urls: [server.url] }).notify(sampleNotification(), given.signal));
    expect(words).toMatch(/no time for another try|did not answer before/);
    expect(server.received).toHaveLength(1);
  });
});

describe("an answer", () => {
  it("may be as long as it likes: nobody reads it", async () => {
    let isCut = false;
    server.answer = (response) => {
      response.writeHead(200);
      response.on("close", () => {
        isCut = true;
      });
      const write = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
        if (!response.destroyed) response.once("drain", write);
      };
      write();
    };
    await makeNotifier({ urls: [server.url] }).notify(sampleNotification(), never);
    await expect.poll(() => isCut).toBe(true);
  });
});

describe("an address", () => {
  it("may hold a user and a password, which go into a header", async () => {
    const url = server.url.replace("//", "//user:p%40ss@");
    await makeNotifier({ urls: [url] }).notify(sampleNotification(), never);
    expect(server.received[0]?.headers.authorization).toBe(`Basic ${Buffer.from("user:p@ss").toString("base64")}`);
  });

  it("is an http or https URL, and there is one", () => {
    for (const url of ["ftp://example.org", "file:///etc/passwd", "example.org", ""]) {
      expect(webhookOptions.schema.safeParse({ urls: [url] }).success).toBe(false);
    }
    expect(webhookOptions.schema.safeParse({ urls: ["https://example.org/a"] }).success).toBe(true);
    expect(() => makeNotifier({ urls: [] })).toThrow(/webhook\.urls is empty/);
  });
});

describe("options", () => {
  it.each(["", "*** no base64 at all ***", "MfKQ9r8GKYqrTwjUPD8ILPZIo2La-_Sw", "c2hvcnQ=", "A"])(
    "refuse whsec_%s: it is no base64 of a key",
    (encoded) => {
      const { error } = webhookOptions.schema.safeParse({ secret: `whsec_${encoded}` });
      expect(error?.issues.map(({ message }) => message)).toEqual([
        "expected a text of 16 characters or more, or whsec_ and the base64 of 16 bytes or more",
      ]);
    },
  );

  it("refuse a secret that is too short, a time that no timer can keep, and events that are none", () => {
    const isFine = (options: object) => webhookOptions.schema.safeParse(options).success;
    expect(isFine({ secret: "short" })).toBe(false);
    expect(isFine({ secret: "sixteen letters." })).toBe(true);
    for (const timeout of ["0s", "0.4ms", "61m", "90d"]) expect(isFine({ timeout })).toBe(false);
    expect(isFine({ timeout: "1h" })).toBe(true);
    expect(isFine({ events: ["Instance Create"] })).toBe(false);
    expect(isFine({ events: ["instance.*", "rpc.error", "*"] })).toBe(true);
  });
});
