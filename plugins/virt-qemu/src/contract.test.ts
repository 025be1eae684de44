import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@kilonova/plugin-api";
import { sampleServer, sampleVif, type VirtDriverWorld, virtDriverSuite } from "@kilonova/plugin-testing";
import { describe, it } from "vitest";
import { QemuDriver } from "./driver.js";
import { qemuOptions } from "./options.js";
import { tinyImage } from "./tiny-image.js";

const GREETING = "hello from a guest of the suite";
const BYTES = tinyImage({ greeting: GREETING });

/** Guests boot a sector that greets and halts, fetched from a server of the world's own. */
async function makeWorld(): Promise<VirtDriverWorld> {
  const folder = await mkdtemp(join(tmpdir(), "kilonova-suite-"));
  const http = createServer((_, response) => response.end(BYTES)).listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
  return {
    makeDriver: async () => {
      const driver = new QemuDriver(qemuOptions.schema.parse({ softRebootTimeout: "100ms" }), folder, silentLogger);
      await driver.initHost("host1");
      return driver;
    },
    guest: () => ({
      server: sampleServer({ flavor: { memoryMb: 16 } }),
      image: { image: imageOf(BYTES), source: async () => ({ url, headers: {} }) },
      vifs: [{ vif: sampleVif(), type: "user", details: {} }],
    }),
    greeting: GREETING,
    // A boot sector never shuts itself down.
    shutdownTimeout: 100,
    end: async () => {
      http.close();
      await rm(folder, { recursive: true });
    },
  };
}

function imageOf(bytes: Buffer) {
  return {
    id: randomUUID(),
    name: "tiny",
    status: "active",
    visibility: "public",
    ownerId: "owner",
    diskFormat: "raw",
    containerFormat: "bare",
    size: bytes.length,
    checksum: createHash("md5").update(bytes).digest("hex"),
    sha512: createHash("sha512").update(bytes).digest("hex"),
    minDisk: 0,
    minRam: 0,
    properties: {},
    createdAt: "2030-01-01T00:00:00.000Z",
  } as const;
}

describe("the QEMU driver", () => {
  for (const check of virtDriverSuite(makeWorld)) it(check.name, check.run);
});
