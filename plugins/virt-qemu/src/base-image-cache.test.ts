import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BaseImageCache, type BaseImageRequest } from "./base-image-cache.js";
import { tinyImage } from "./tiny-image.js";

const IMAGE = tinyImage({ greeting: "from the cache" });

describe("BaseImageCache", () => {
  let folder: string;
  let directory: string;
  let server: Server;
  let requests: IncomingMessage[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let cache: BaseImageCache;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-cache-"));
    directory = join(folder, "cache");
    requests = [];
    answer = (_, response) => response.end(IMAGE);
    server = createServer((request, response) => {
      requests.push(request);
      answer(request, response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cache = await open();
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  function open(stallTimeoutMs = 5000): Promise<BaseImageCache> {
    return BaseImageCache.open({ directory, maxImageBytes: 8 * 1024 * 1024, stallTimeoutMs });
  }
  function at(url: string): Pick<BaseImageRequest, "source"> {
    return { source: async () => ({ url, headers: { authorization: "Bearer a-ticket" } }) };
  }
  function requestFor(bytes: Buffer, changes: Partial<BaseImageRequest> = {}): BaseImageRequest {
    const { port } = server.address() as AddressInfo;
    return {
      ...at(`http://127.0.0.1:${port}/images/1/file?x=secret`),
      checksum: { algorithm: "sha512", value: createHash("sha512").update(bytes).digest("hex") },
      sizeBytes: bytes.length,
      format: "raw",
      ...changes,
    };
  }
  async function reasonOf(request: BaseImageRequest): Promise<unknown> {
    return cache.get(request).then(
      () => "taken",
      (error: { code?: unknown; details?: { reason?: unknown } }) =>
        error.code === "image.unavailable" ? error.details?.reason : error,
    );
  }

  it("fetches an image once, by ticket, and then has it, after a restart too", async () => {
    const image = await cache.get(requestFor(IMAGE));
    expect(image).toMatchObject({ format: "raw", virtualSizeBytes: IMAGE.length });
    expect((await readFile(image.path)).equals(IMAGE)).toBe(true);
    expect(requests[0]?.headers.authorization).toBe("Bearer a-ticket");
    expect(await cache.get(requestFor(IMAGE))).toEqual(image);
    expect(await (await open()).get(requestFor(IMAGE, at("http://127.0.0.1:1/gone")))).toEqual(image);
    expect(requests).toHaveLength(1);
  });

  it("shares one download between all who want the same at the same time", async () => {
    const images = await Promise.all([1, 2, 3].map(() => cache.get(requestFor(IMAGE))));
    expect(new Set(images.map(({ path }) => path)).size).toBe(1);
    expect(requests).toHaveLength(1);
  });

  it("goes on for the others when one gives up, and stops when the last does", async () => {
    let response: ServerResponse | undefined;
    const arrived = new Promise<void>((resolve) => {
      answer = (_, opened) => {
        response = opened;
        opened.write(IMAGE.subarray(0, 1000));
        resolve();
      };
    });
    const impatient = new AbortController();
    const first = cache.get(requestFor(IMAGE), impatient.signal);
    const second = cache.get(requestFor(IMAGE));
    await arrived;
    impatient.abort(new Error("too slow for me"));
    await expect(first).rejects.toThrow("too slow for me");
    response?.end(IMAGE.subarray(1000));
    expect(await second).toMatchObject({ virtualSizeBytes: IMAGE.length });

    const other = tinyImage({ greeting: "another" });
    const last = new AbortController();
    const asked = new Promise<IncomingMessage>((resolve) => {
      answer = (request) => resolve(request);
    });
    const third = cache.get(requestFor(other), last.signal);
    const closed = once((await asked).socket, "close");
    last.abort(new Error("enough"));
    await expect(third).rejects.toThrow("enough");
    await closed;
  });

  it("keeps nothing whose checksum is wrong, and can try again", async () => {
    answer = (_, response) => response.end(tinyImage({ greeting: "something else" }));
    expect(await reasonOf(requestFor(IMAGE))).toBe("checksum");
    expect(await readdir(directory)).toEqual([]);
    answer = (_, response) => response.end(IMAGE);
    expect(await reasonOf(requestFor(IMAGE))).toBe("taken");
  });

  it("keeps nothing of a download that breaks off", async () => {
    answer = (_, response) => {
      response.writeHead(200, { "content-length": IMAGE.length });
      response.write(IMAGE.subarray(0, 5000), () => response.destroy());
    };
    expect(await reasonOf(requestFor(IMAGE))).toBe("unreachable");
    expect(await readdir(directory)).toEqual([]);
  });

  it("notices an image that ends early or goes on too long", async () => {
    answer = (_, response) => response.end(IMAGE.subarray(0, 5000));
    expect(await reasonOf(requestFor(IMAGE))).toBe("size");
    answer = (_, response) => response.end(Buffer.concat([IMAGE, Buffer.from("x")]));
    expect(await reasonOf(requestFor(IMAGE))).toBe("size");
    expect(await readdir(directory)).toEqual([]);
  });

  it("gives up on a server that falls silent", async () => {
    cache = await open(50);
    answer = (_, response) => response.write(IMAGE.subarray(0, 5000));
    expect(await reasonOf(requestFor(IMAGE))).toBe("stalled");
    answer = () => {};
    expect(await reasonOf(requestFor(IMAGE))).toBe("stalled");
    expect(await readdir(directory)).toEqual([]);
  });

  it("follows no redirect, and takes no answer but 200", async () => {
    answer = (_, response) => response.writeHead(302, { location: "/elsewhere" }).end();
    expect(await reasonOf(requestFor(IMAGE))).toBe("status");
    answer = (_, response) => response.writeHead(403).end();
    await expect(cache.get(requestFor(IMAGE))).rejects.toThrow(
      /^http:\/\/127\.0\.0\.1:\d+\/images\/1\/file answered 403$/,
    );
    expect(requests).toHaveLength(2);
  });

  it("passes on why no ticket could be had", async () => {
    const source = () => Promise.reject(new Error("no ticket for you"));
    await expect(cache.get(requestFor(IMAGE, { source }))).rejects.toThrow("no ticket for you");
  });

  it("says so where nobody listens, or the address is not HTTP", async () => {
    expect(await reasonOf(requestFor(IMAGE, at("http://127.0.0.1:1/x")))).toBe("unreachable");
    expect(await reasonOf(requestFor(IMAGE, at("file:///etc/passwd")))).toBe("unreachable");
  });

  it("asks for nothing that is too large, or has no checksum to go by", async () => {
    expect(await reasonOf(requestFor(IMAGE, { sizeBytes: 1024 ** 4 }))).toBe("content");
    for (const value of ["", "../../etc/passwd", "A".repeat(128), "0".repeat(127)]) {
      expect(await reasonOf(requestFor(IMAGE, { checksum: { algorithm: "sha512", value } }))).toBe("content");
    }
    expect(requests).toHaveLength(0);
  });

  it("refuses an image that would read other files of the host", async () => {
    const path = join(folder, "evil");
    execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", "-u", "-b", "/etc/shadow", "-F", "raw", path, "1M"]);
    const evil = await readFile(path);
    answer = (_, response) => response.end(evil);
    expect(await reasonOf(requestFor(evil, { format: "qcow2" }))).toBe("content");
    expect(await reasonOf(requestFor(evil, { format: "raw" }))).toBe("content");
    expect(await readdir(directory)).toEqual([]);
  });

  it("removes halves that a killed process left", async () => {
    await writeFile(join(directory, "sha512-0.raw.1.partial"), "half");
    await open();
    expect(await readdir(directory)).toEqual([]);
  });
});
