import { copyFile } from "node:fs/promises";
import { createServer as createPlainServer } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect, type PeerCertificate } from "node:tls";
import { clientTls, readTlsFiles, type TlsFiles } from "@kilonova/config";
import { type ServerTls, WebListener } from "@kilonova/http";
import { messageOf } from "@kilonova/messaging";
import { WebhookNotifier, webhookOptions } from "@kilonova/notifier-webhook";
import { httpFetch, type LogFields, type Notification, silentLogger, systemClock } from "@kilonova/plugin-api";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { TestAuthority } from "../servers/test-certificates.js";

let authority: TestAuthority;
let stranger: TestAuthority;
beforeAll(async () => {
  [authority, stranger] = await Promise.all([TestAuthority.make(), TestAuthority.make()]);
});
afterAll(() => Promise.all([authority?.remove(), stranger?.remove()]));

const trusting = (files: TlsFiles = { sslCaFile: authority.caFile }) => httpFetch(clientTls("test", files));
const causeOf = (asking: Promise<unknown>) =>
  asking.then(
    () => expect.fail("it was answered"),
    (error: TypeError) => [error.message, (error.cause as { code?: unknown }).code],
  );

describe("web services over TLS", () => {
  const paths = () => ({
    sslCertFile: join(authority.folder, "served.crt"),
    sslKeyFile: join(authority.folder, "served.key"),
  });
  /** Puts a certificate where the listener reads it, as whoever renews it does. */
  async function install(names?: readonly string[]): Promise<void> {
    const made = await authority.sign(names ? { names } : {});
    await copyFile(made.sslCertFile, paths().sslCertFile);
    await copyFile(made.sslKeyFile, paths().sslKeyFile);
  }
  const errors: LogFields[] = [];
  const tls = (): ServerTls => readTlsFiles("http", paths());

  let listener: WebListener;
  beforeEach(async () => {
    await install();
    errors.length = 0;
    const logger = { ...silentLogger, error: (fields: LogFields) => void errors.push(fields) };
    listener = new WebListener({ host: "127.0.0.1", port: 0, tls, logger }, []);
    await listener.start();
  });
  afterEach(() => listener.stop(1_000));

  const served = () =>
    new Promise<PeerCertificate>((resolve, reject) => {
      const { host, port } = listener.address;
      const { ca } = readTlsFiles("test", { sslCaFile: authority.caFile });
      const socket = connect({ host, port, ca: ca ?? "" }, () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      }).on("error", reject);
    });

  it("are told by their address, and answer who trusts them", async () => {
    expect(listener.address.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const answer = await trusting()(`${listener.address.url}/healthcheck`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: "ok" }]);
  });

  it("answer nobody by plain HTTP, and no TLS before 1.2", async () => {
    await expect(fetch(`http://127.0.0.1:${listener.address.port}/healthcheck`)).rejects.toThrow("fetch failed");
    const { host, port } = listener.address;
    const old = new Promise((_, reject) => {
      connect({ host, port, maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "ALL@SECLEVEL=0" }).on(
        "error",
        reject,
      );
    });
    await expect(old).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION$/) });
  });

  it("get a renewed certificate at SIGHUP, without a connection being cut", async () => {
    const before = await served();
    await install(["DNS:renewed.example.org", "IP:127.0.0.1"]);
    expect((await served()).serialNumber).toBe(before.serialNumber);
    await listener.reset();
    expect((await served()).subjectaltname).toContain("renewed.example.org");
    expect(errors).toEqual([]);
  });

  it("keep the one from before where the new one cannot be used, and say so", async () => {
    const before = await served();
    await copyFile((await authority.sign()).sslCertFile, paths().sslCertFile);
    await listener.reset();
    expect((await served()).serialNumber).toBe(before.serialNumber);
    expect(errors).toEqual([{ error: expect.stringContaining("received another key") }]);
  });

  it("are not begun with files that cannot be used", () => {
    const broken = () => readTlsFiles("http", { sslCertFile: "/no/cert", sslKeyFile: "/no/key" });
    expect(() => new WebListener({ host: "127.0.0.1", port: 0, tls: broken, logger: silentLogger }, [])).toThrow(
      "http.sslCertFile (/no/cert): expected a file that this user can read",
    );
  });
});

describe("a client of HTTP", () => {
  async function serving(names: readonly string[], asksForCertificate = false): Promise<string> {
    const files = { sslCaFile: authority.caFile, ...(await authority.sign({ names })) };
    const server: Server = createServer(
      { ...readTlsFiles("test", files), requestCert: asksForCertificate, rejectUnauthorized: asksForCertificate },
      async (request, response) => {
        const { method, headers, url } = request;
        const seen = {
          method,
          url,
          own: headers["x-own"],
          length: headers["content-length"],
          body: await text(request),
        };
        response.writeHead(url === "/none" ? 204 : 200, { "set-cookie": ["a=1", "b=2"] });
        response.end(url === "/none" ? undefined : JSON.stringify(seen));
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return `https://localhost:${(server.address() as AddressInfo).port}`;
  }

  it("sends and gets what `fetch` does", async () => {
    const url = await serving(["DNS:localhost"]);
    const ask = trusting();
    const answer = await ask(`${url}/a?b=c`, { method: "POST", headers: { "x-own": "yes" }, body: "words" });
    expect(await answer.json()).toEqual({ method: "POST", url: "/a?b=c", own: "yes", length: "5", body: "words" });
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    const none = await ask(`${url}/none`);
    expect([none.status, none.body]).toEqual([204, null]);
  });

  it("asks plain addresses plainly", async () => {
    const plain = createPlainServer((_, response) => response.end("plain")).listen(0, "127.0.0.1");
    await new Promise<void>((resolve) => plain.once("listening", resolve));
    const { port } = plain.address() as AddressInfo;
    expect(await (await trusting()(`http://127.0.0.1:${port}`)).text()).toBe("plain");
    plain.close();
  });

  it("refuses a certificate of an unknown authority, or for another name", async () => {
    const url = await serving(["DNS:localhost"]);
    expect(await causeOf(trusting({ sslCaFile: stranger.caFile })(url))).toEqual([
      expect.stringContaining("its certificate is from no authority that"),
      expect.stringMatching(/SIGNATURE|ISSUER|SIGNED/),
    ]);
    expect(await causeOf(httpFetch(undefined)(url))).toEqual([
      "fetch failed",
      expect.stringMatching(/SIGNED|SIGNATURE/),
    ]);
    expect(await causeOf(trusting()(url.replace("localhost", "127.0.0.1")))).toEqual([
      expect.stringContaining("its certificate is for another name"),
      "ERR_TLS_CERT_ALTNAME_INVALID",
    ]);
  });

  it("shows a certificate where one is asked for", async () => {
    const url = await serving(["DNS:localhost"], true);
    const shown = await authority.sign();
    expect((await trusting({ sslCaFile: authority.caFile, ...shown })(url)).status).toBe(200);
    expect((await causeOf(trusting()(url)))[0]).toMatch(
      /it asks for a certificate, \w+; see options test\.sslCertFile/,
    );
  });

  it("gives up when it is told to, with the reason", async () => {
    const url = await serving(["DNS:localhost"]);
    const reason = new Error("enough");
    await expect(trusting()(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("is what webhooks are sent by", async () => {
    const url = await serving(["DNS:localhost"]);
    const notification = { messageId: "1", eventType: "instance.create.end" } as Notification;
    const notify = (files: TlsFiles) => {
      const options = webhookOptions.schema.parse({ urls: [url], tries: 1, ...files });
      return new WebhookNotifier(options, systemClock).notify(notification, new AbortController().signal);
    };
    await notify({ sslCaFile: authority.caFile });
    expect(await notify({}).catch(messageOf)).toMatch(/cannot be reached: \w*SIGN\w*/);
  });
});
