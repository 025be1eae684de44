import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { type LogFields, type Logger, silentLogger } from "@kilonova/plugin-api";
import { expect, test } from "vitest";
import { z } from "zod";
import {
  declareRoute,
  identityFaults,
  type Reply,
  type RouteRequest,
  route,
  WebListener,
  type WebService,
} from "./index.js";

const wait = declareRoute({
  method: "GET",
  path: "/wait",
  policy: "public",
  replies: { 200: z.object({ link: z.string() }) },
});

const take = declareRoute({
  method: "POST",
  path: "/take",
  policy: "public",
  body: z.object({}),
  replies: { 204: null },
});

class Waiting {
  readonly begun: Promise<void>;
  release: () => void = () => undefined;
  #begin: () => void = () => undefined;
  readonly #released: Promise<void>;

  constructor() {
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.#released = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  @route(wait)
  async wait({ links }: RouteRequest<typeof wait>): Promise<Reply<typeof wait>> {
    this.#begin();
    await this.#released;
    return { status: 200, body: { link: links.to("/wait") } };
  }
}

function serviceOf(controller: object, root: string): WebService {
  return {
    name: "waiting",
    root,
    controllers: [controller],
    faultStyle: identityFaults,
    authenticators: [],
    policies: {},
  };
}

const options = { host: "127.0.0.1", port: 0, logger: silentLogger };

test("one port carries many web services, each under its root", async () => {
  const [one, two] = [new Waiting(), new Waiting()];
  one.release();
  two.release();
  const listener = new WebListener(options, [serviceOf(one, "/one/v1"), serviceOf(two, "/two/v1")]);
  await listener.start();
  const { url } = listener.address;
  expect(await (await fetch(`${url}/one/v1/wait`)).json()).toEqual({ link: `${url}/one/v1/wait` });
  expect(await (await fetch(`${url}/two/v1/wait`)).json()).toEqual({ link: `${url}/two/v1/wait` });
  expect((await fetch(`${url}/three/v1/wait`)).status).toBe(404);
  await listener.stop(1_000);
});

test("stopping lets a running request finish, and cuts what outlasts the drain", async () => {
  const patient = new Waiting();
  const listener = new WebListener(options, [serviceOf(patient, "/w/v1")]);
  await listener.start();
  const answer = fetch(`${listener.address.url}/w/v1/wait`);
  await patient.begun;
  const stopped = listener.stop(60_000);
  patient.release();
  expect((await answer).status).toBe(200);
  await stopped;

  const endless = new Waiting();
  const other = new WebListener(options, [serviceOf(endless, "/w/v1")]);
  await other.start();
  const cut = fetch(`${other.address.url}/w/v1/wait`).then(
    () => "answered",
    () => "cut",
  );
  await endless.begun;
  const stopping = other.stop(1);
  expect(await cut).toBe("cut");
  endless.release();
  await stopping;
});

test("a connection that is kept alive does not hold up the stop", async () => {
  const ready = new Waiting();
  ready.release();
  const listener = new WebListener(options, [serviceOf(ready, "/w/v1")]);
  await listener.start();
  const agent = new Agent({ keepAlive: true });
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request(
      `${listener.address.url}/w/v1/wait`,
      { agent },
      (answer) => void text(answer).then(() => resolve(answer.statusCode)),
    )
      .on("error", reject)
      .end();
  });
  expect(status).toBe(200);
  await listener.stop(60_000);
  agent.destroy();
});

test("a port that is taken is named, with what to do", async () => {
  const holder = createServer();
  const port = await new Promise<number>((resolve) => {
    holder.listen(0, "127.0.0.1", () => resolve((holder.address() as { port: number }).port));
  });
  const listener = new WebListener({ ...options, port }, [serviceOf(new Waiting(), "/w/v1")]);
  await expect(listener.start()).rejects.toMatchObject({
    code: "listen.failed",
    message: expect.stringContaining(`Port ${port} of 127.0.0.1 is taken`),
  });
  holder.close();
});

test("whoever sends a body that never ends does not hold up the stop beyond the drain", async () => {
  class Taking {
    @route(take)
    async take(): Promise<Reply<typeof take>> {
      return { status: 204 };
    }
  }
  const listener = new WebListener(options, [serviceOf(new Taking(), "/w/v1")]);
  await listener.start();
  const headers = { "content-type": "application/json", "content-length": "100", expect: "100-continue" };
  const sending = request(`${listener.address.url}/w/v1/take`, { method: "POST", headers });
  const closed = new Promise<void>((resolve) => sending.on("error", () => undefined).on("close", () => resolve()));
  // The answer to the head: from now on the listener waits for the body.
  const isWaiting = new Promise<void>((resolve) => sending.on("continue", () => resolve()));
  sending.flushHeaders();
  await isWaiting;
  sending.write("{");
  await listener.stop(50);
  await closed;
});

test("its health is asked for without a token, and says what the process says", async () => {
  let health: "ok" | "degraded" = "ok";
  const listener = new WebListener({ ...options, health: () => health }, [serviceOf(new Waiting(), "/w/v1")]);
  const answer = await listener.inject("/healthcheck");
  expect([answer.statusCode, answer.json(), answer.headers["cache-control"]]).toEqual([
    200,
    { status: "ok" },
    "no-store",
  ]);
  health = "degraded";
  expect((await listener.inject("/healthcheck")).json()).toEqual({ status: "degraded" });
  const head = await listener.inject({ method: "HEAD", url: "/healthcheck" });
  expect([head.statusCode, head.body]).toEqual([200, ""]);
  expect((await new WebListener(options, []).inject("/healthcheck")).json()).toEqual({ status: "ok" });
});

test("a web service keeps a path of its own that is named as the health check is", async () => {
  const own = declareRoute({ method: "GET", path: "/healthcheck", policy: "public", replies: { 204: null } });
  class Own {
    @route(own)
    async answer(): Promise<Reply<typeof own>> {
      return { status: 204 };
    }
  }
  const listener = new WebListener(options, [serviceOf(new Own(), "")]);
  expect((await listener.inject("/healthcheck")).statusCode).toBe(204);
});

test("who waits for it goes on when it has stopped", async () => {
  const listener = new WebListener(options, [serviceOf(new Waiting(), "/w/v1")]);
  await listener.start();
  let isOver = false;
  const waiting = listener.wait().then(() => {
    isOver = true;
  });
  expect((await fetch(`${listener.address.url}/healthcheck`)).status).toBe(200);
  expect(isOver).toBe(false);
  await listener.stop(1_000);
  await waiting;
  await expect(fetch(`${listener.address.url}/healthcheck`)).rejects.toThrow();
});

test("each web service is reset, whatever becomes of another", async () => {
  const seen: string[] = [];
  const broken = { ...serviceOf(new Waiting(), "/one/v1"), reset: async () => Promise.reject(new Error("stuck")) };
  const other = { ...serviceOf(new Waiting(), "/two/v1"), reset: async () => void seen.push("reset") };
  const plain = serviceOf(new Waiting(), "/three/v1");
  await new WebListener(options, [broken, plain, other]).reset();
  expect(seen).toEqual(["reset"]);
});

test("a request that fails is logged with its request id and the service that it was for", async () => {
  const lines: LogFields[] = [];
  const loggerOf = (own: LogFields): Logger => ({
    ...silentLogger,
    error: (fields) => void lines.push({ ...own, ...fields }),
    child: (more) => loggerOf({ ...own, ...more }),
  });
  class Failing {
    @route(wait)
    async wait(): Promise<Reply<typeof wait>> {
      throw new Error("a bug");
    }
  }
  const failing = { ...serviceOf(new Failing(), "/one/v1"), service: "owner" };
  const listener = new WebListener({ ...options, logger: loggerOf({ host: "node1" }) }, [failing]);
  const { statusCode, headers } = await listener.inject("/one/v1/wait");
  expect(statusCode).toBe(500);
  const requestId = headers["x-openstack-request-id"];
  expect(lines).toMatchObject([{ host: "node1", service: "owner", webService: "waiting", requestId }]);
});
