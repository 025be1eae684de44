import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type GuestSpec,
  type Image,
  type PluggedVif,
  RequestContext,
  type Server,
  silentLogger,
} from "@kilonova/plugin-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { poll } from "./deadline.js";
import { QemuDriver } from "./driver.js";
import { qemuOptions } from "./options.js";
import { acpiImage } from "./real-guest.test.fixture.js";
import { tinyImage } from "./tiny-image.js";

const CONTEXT = RequestContext.admin();
const TINY = tinyImage({ greeting: "hello from the driver" });

describe("QemuDriver", () => {
  let folder: string;
  let http: HttpServer;
  let bytes: Buffer;
  let driver: QemuDriver;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-driver-"));
    bytes = TINY;
    http = createServer((_, response) => response.end(bytes)).listen(0, "127.0.0.1");
    await once(http, "listening");
    driver = await newDriver();
  });
  afterEach(async () => {
    for (const id of await driver.listServers()) await driver.destroy(CONTEXT, id);
    await driver.cleanupHost();
    http.close();
    await rm(folder, { recursive: true });
  });

  async function newDriver(settings: object = {}): Promise<QemuDriver> {
    const options = qemuOptions.schema.parse({ softRebootTimeout: "200ms", ...settings });
    const made = new QemuDriver(options, folder, silentLogger);
    await made.initHost("host1");
    return made;
  }
  function spec(flavor: Partial<Server["flavor"]> = {}, image: Partial<Image> = {}): GuestSpec {
    const { port } = http.address() as AddressInfo;
    return {
      server: serverWith(flavor),
      image: {
        image: { ...imageOf(bytes), ...image },
        source: async () => ({ url: `http://127.0.0.1:${port}/`, headers: { authorization: "Bearer t" } }),
      },
      vifs: [USER_VIF],
    };
  }
  async function consoleShows(id: string, text: string, times = 1): Promise<void> {
    const shown = await poll(
      async () => (((await driver.getConsoleOutput(id, null)) ?? "").split(text).length > times ? true : undefined),
      { everyMs: 10, timeoutMs: 12_000 },
    );
    expect(shown).toBe(true);
  }

  it("tells what the host has", async () => {
    const resources = await driver.getAvailableResources();
    expect(resources).toMatchObject({ hypervisorHostname: "host1", hypervisorType: "QEMU" });
    expect(resources.hypervisorVersion).toBeGreaterThan(4_000_000);
    expect(Math.min(resources.vcpus, resources.memoryMb, resources.diskGb)).toBeGreaterThan(0);
    expect(resources.facts?.supportedInstances).toContainEqual(expect.objectContaining({ architecture: "x86_64" }));
    expect(resources.traits).toContain("COMPUTE_IMAGE_TYPE_QCOW2");
  });

  it("makes a guest that greets, and removes it without a trace", async () => {
    const guest = spec();
    const { id } = guest.server;
    expect(await driver.getPowerState(id)).toBeUndefined();
    await driver.spawn(CONTEXT, guest);
    await consoleShows(id, "hello from the driver");
    expect(await driver.getConsoleOutput(id, 1)).toBe("hello from the driver\r\n");
    expect(await driver.getPowerState(id)).toBe("running");
    expect(await driver.listServers()).toEqual([id]);
    await driver.destroy(CONTEXT, id);
    await driver.destroy(CONTEXT, id);
    expect(await driver.getPowerState(id)).toBeUndefined();
    expect(await driver.listServers()).toEqual([]);
  });

  it("leaves a guest that is there as it is, also from another process", async () => {
    const guest = spec();
    await driver.spawn(CONTEXT, guest);
    await consoleShows(guest.server.id, "hello");
    const next = await newDriver();
    await next.spawn(CONTEXT, guest);
    expect(await next.getPowerState(guest.server.id)).toBe("running");
    expect((await next.getConsoleOutput(guest.server.id, null))?.split("hello").length).toBe(2);
    await next.cleanupHost();
  });

  it("stops, starts and reboots a guest, whether it listens or not", async () => {
    const guest = spec();
    const { id } = guest.server;
    await driver.spawn(CONTEXT, guest);
    await consoleShows(id, "hello");
    await driver.powerOff(CONTEXT, id, { timeout: 100 });
    await driver.powerOff(CONTEXT, id, { timeout: 100 });
    expect(await driver.getPowerState(id)).toBe("shutdown");
    await driver.powerOn(CONTEXT, id, [USER_VIF]);
    await driver.powerOn(CONTEXT, id, [USER_VIF]);
    await consoleShows(id, "hello", 2);
    await driver.reboot(CONTEXT, id, "SOFT", [USER_VIF]);
    await consoleShows(id, "hello", 3);
    await driver.reboot(CONTEXT, id, "HARD", [USER_VIF]);
    await consoleShows(id, "hello", 4);
  });

  it("lets a guest that listens shut itself down", async () => {
    bytes = acpiImage("hello");
    const guest = spec();
    await driver.spawn(CONTEXT, guest);
    await consoleShows(guest.server.id, "hello");
    await driver.powerOff(CONTEXT, guest.server.id, { timeout: 10_000 });
    expect(await driver.getPowerState(guest.server.id)).toBe("shutdown");
  });

  it("refuses for good what no host could do, and leaves nothing behind", async () => {
    const impossible = [
      spec({ memoryMb: 8 }),
      spec({}, { diskFormat: "vmdk" }),
      spec({}, { diskFormat: "qcow2" }),
      spec({}, { size: null }),
      { ...spec(), image: null },
    ];
    for (const guest of impossible) {
      await expect(driver.spawn(CONTEXT, guest)).rejects.toMatchObject({
        code: expect.stringMatching(/^(virt\.failed|image\.unavailable)$/),
      });
    }
    expect(await driver.listServers()).toEqual([]);
  });

  it("lets another host try where this one fails, and leaves nothing behind", async () => {
    await expect(driver.spawn(CONTEXT, spec({}, { sha512: "0".repeat(128) }))).rejects.toMatchObject({
      code: "virt.reschedule",
    });
    const vifs = [{ ...USER_VIF, type: "tap" }];
    await expect(driver.spawn(CONTEXT, { ...spec(), vifs })).rejects.toMatchObject({ code: "virt.reschedule" });
    const broken = await newDriver({ imageTool: "no-such-qemu-img" });
    await expect(broken.spawn(CONTEXT, spec())).rejects.toMatchObject({ code: "virt.reschedule" });
    await broken.cleanupHost();
    expect(await driver.listServers()).toEqual([]);
    const left = await readdir(join(folder, "instances", "host1", "_base"));
    expect(left.filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  it("ends a build by the context's signal", async () => {
    const controller = new AbortController();
    controller.abort(new Error("given up"));
    const context = new RequestContext({}, { signal: controller.signal });
    await expect(driver.spawn(context, spec())).rejects.toThrow("given up");
    expect(await driver.listServers()).toEqual([]);
  });

  it("does not start where QEMU is missing", async () => {
    await expect(newDriver({ binary: "no-such-qemu" })).rejects.toThrow("qemu-system-x86");
  });
});

const USER_VIF: PluggedVif = {
  type: "user",
  details: {},
  vif: {
    portId: randomUUID(),
    networkId: randomUUID(),
    networkName: "private",
    macAddress: "fa:16:3e:00:00:01",
    addresses: [{ address: "10.0.0.7", version: 4, prefix: 24, gateway: "10.0.0.1" }],
    nameservers: [],
    mtu: 1500,
  },
};

function imageOf(bytes: Buffer): Image {
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
    createdAt: "2026-01-01T00:00:00.000Z",
  };
}

function serverWith(flavor: Partial<Server["flavor"]>): Server {
  return {
    id: randomUUID(),
    projectId: "project",
    userId: "user",
    name: "hello",
    hostname: "hello",
    vmState: "building",
    taskState: "spawning",
    powerState: "pending",
    flavor: {
      id: "1",
      name: "tiny",
      vcpus: 1,
      memoryMb: 16,
      rootGb: 0,
      ephemeralGb: 0,
      swapMb: 0,
      extraSpecs: {},
      ...flavor,
    },
    imageId: null,
    keyName: null,
    publicKey: null,
    userData: null,
    metadata: {},
    configDrive: false,
    host: "host1",
    node: "host1",
    availabilityZone: null,
    reservationId: "r-1",
    launchIndex: 0,
    createdAt: "2026-01-01T00:00:00.000Z",
    launchedAt: null,
    fence: 1,
  };
}
