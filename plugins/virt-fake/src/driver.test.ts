import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GuestSpec, RequestContext } from "@kilonova/plugin-api";
import { FakeClock, sampleServer, sampleVif, virtDriverSuite } from "@kilonova/plugin-testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FAKE_GREETING, FakeDriver } from "./driver.js";
import { GuestFolder } from "./guest-folder.js";
import { GuestHistory } from "./guest-history.js";
import { fakeOptions } from "./options.js";

const CONTEXT = RequestContext.admin();

function guest(name = "sample"): GuestSpec {
  return { server: sampleServer({ name }), image: null, vifs: [{ vif: sampleVif(), type: "user", details: {} }] };
}

function driverIn(folder: string, settings: object = {}, clock = new FakeClock()): FakeDriver {
  return new FakeDriver(fakeOptions.schema.parse(settings), folder, clock);
}

describe("the fake driver", () => {
  for (const check of virtDriverSuite(async () => {
    const folder = await mkdtemp(join(tmpdir(), "kilonova-fake-"));
    return {
      makeDriver: async () => {
        const driver = driverIn(folder);
        await driver.initHost("host1");
        return driver;
      },
      guest,
      greeting: FAKE_GREETING,
      shutdownTimeout: 100,
      end: () => rm(folder, { recursive: true }),
    };
  }))
    it(check.name, check.run);
});

describe("FakeDriver", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-fake-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function started(host: string, settings: object = {}, clock = new FakeClock()): Promise<FakeDriver> {
    const driver = driverIn(folder, settings, clock);
    await driver.initHost(host);
    return driver;
  }

  it("keeps the guests of each host apart, and tells the history of a server on all of them", async () => {
    const [one, two] = [await started("host1"), await started("host2")];
    const spec = guest();
    const { id } = spec.server;
    await one.spawn(CONTEXT, spec);
    await one.spawn(CONTEXT, spec);
    expect(await two.listServers()).toEqual([]);
    await one.destroy(CONTEXT, id);
    await one.destroy(CONTEXT, id);
    await two.spawn(CONTEXT, spec);
    const history = await new GuestHistory(join(folder, "fake-guests")).read(id);
    expect(history.map(({ event, host }) => `${event} ${host}`)).toEqual([
      "spawned host1",
      "destroyed host1",
      "spawned host2",
    ]);
  });

  it("makes the history agree with the guests when a process was killed between the two", async () => {
    const history = new GuestHistory(join(folder, "fake-guests"));
    const guests = new GuestFolder(join(folder, "fake-guests", "host1"));
    await started("host1");
    await guests.write({ id: "unsaid", name: "unsaid", state: "running", boots: 1 });
    await guests.write({ id: "kept", name: "kept", state: "shutdown", boots: 1 });
    await history.append("kept", { event: "spawned", host: "host1", at: 1 });
    await history.append("kept", { event: "destroyed", host: "host1", at: 2 });
    await guests.write({ id: "begun", name: "begun", state: "building", boots: 0 });
    await started("host1");
    await started("host1");
    const eventsOf = async (id: string) => (await history.read(id)).map(({ event }) => event);
    expect(await eventsOf("unsaid")).toEqual(["spawned"]);
    expect(await eventsOf("kept")).toEqual(["spawned", "destroyed", "spawned"]);
    expect(await eventsOf("begun")).toEqual([]);
  });

  it("fails as it was told to: the verb, on the host, for the servers", async () => {
    const failures = [
      { verb: "spawn", how: "reschedule", host: "host1", server: "^unlucky-" },
      { verb: "powerOff", how: "abort" },
    ];
    const [one, two] = [await started("host1", { failures }), await started("host2", { failures })];
    await expect(one.spawn(CONTEXT, guest("unlucky-1"))).rejects.toMatchObject({ code: "virt.reschedule" });
    expect(await one.listServers()).toEqual([]);
    await two.spawn(CONTEXT, guest("unlucky-1"));
    const lucky = guest("lucky");
    await one.spawn(CONTEXT, lucky);
    await expect(one.powerOff(CONTEXT, lucky.server.id, { timeout: 0 })).rejects.toMatchObject({ code: "virt.failed" });
    expect(await one.getPowerState(lucky.server.id)).toBe("running");
  });

  it("refuses a pattern that is none", () => {
    const failures = [{ verb: "spawn", how: "abort", server: "(" }];
    expect(fakeOptions.schema.safeParse({ failures }).error?.issues).toMatchObject([
      { path: ["failures", 0, "server"], message: "expected a regular expression" },
    ]);
  });

  it("takes its time, and shows a guest that is half made to the next process, which finishes it", async () => {
    const clock = new FakeClock();
    const slow = await started("host1", { spawnDelay: "5s" }, clock);
    const spec = guest();
    const { id } = spec.server;
    const killed = new AbortController();
    void slow.spawn(CONTEXT.withSignal(killed.signal), spec).catch(() => {});
    await expect.poll(() => clock.sleeping).toBe(1);
    const next = await started("host1");
    expect(await next.listServers()).toEqual([id]);
    expect(await next.getPowerState(id)).toBe("pending");
    await next.spawn(CONTEXT, spec);
    expect(await next.getPowerState(id)).toBe("running");
    expect(await new GuestHistory(join(folder, "fake-guests")).read(id)).toHaveLength(1);
  });

  it("removes what it began when it is given up in the middle", async () => {
    const clock = new FakeClock();
    const driver = await started("host1", { spawnDelay: "5s" }, clock);
    const controller = new AbortController();
    const spawning = driver.spawn(CONTEXT.withSignal(controller.signal), guest());
    await expect.poll(() => clock.sleeping).toBe(1);
    controller.abort(new Error("given up"));
    await expect(spawning).rejects.toThrow("given up");
    expect(await readdir(join(folder, "fake-guests", "host1"))).toEqual([]);
  });

  it("has what the options say, unless the host's own file says otherwise", async () => {
    const driver = await started("host1", { vcpus: 8, memoryMb: 4096, diskGb: 10 });
    expect(await driver.getAvailableResources()).toMatchObject({ vcpus: 8, memoryMb: 4096, diskGb: 10 });
    const size = { vcpus: 1, memoryMb: 64, diskGb: 1 };
    await writeFile(join(folder, "fake-guests", "host1", "_host.json"), JSON.stringify(size));
    expect(await driver.getAvailableResources()).toMatchObject(size);
    expect(await driver.listServers()).toEqual([]);
  });

  it("has the traits and facts of the options, unless the host's own file says otherwise", async () => {
    const [plain, other] = [
      await started("host1"),
      await started("host2", { traits: ["CUSTOM_FAST"], facts: { metrics: { "cpu.percent": 12 } } }),
    ];
    expect(await plain.getAvailableResources()).toMatchObject({
      traits: ["COMPUTE_IMAGE_TYPE_QCOW2", "COMPUTE_IMAGE_TYPE_RAW"],
      facts: { supportedInstances: [{ architecture: "x86_64", hypervisorType: "fake", vmMode: "hvm" }] },
    });
    const configured = { traits: ["CUSTOM_FAST"], facts: { metrics: { "cpu.percent": 12 } } };
    expect(await other.getAvailableResources()).toMatchObject(configured);
    const file = { vcpus: 1, memoryMb: 64, diskGb: 1, facts: { stats: { rack: "r1" } } };
    await writeFile(join(folder, "fake-guests", "host2", "_host.json"), JSON.stringify(file));
    const { traits, facts } = await other.getAvailableResources();
    expect({ traits, facts }).toEqual({ traits: ["CUSTOM_FAST"], facts: { stats: { rack: "r1" } } });
  });

  it("tells of guests that end by themselves", async () => {
    const driver = await started("host1");
    const spec = guest();
    const events: unknown[] = [];
    driver.onGuestEvent((event) => events.push(event));
    await driver.spawn(CONTEXT, spec);
    await driver.endByItself(spec.server.id, "crashed");
    expect(events).toEqual([{ serverId: spec.server.id, powerState: "crashed" }]);
    expect(await driver.getPowerState(spec.server.id)).toBe("crashed");
  });

  it("takes nothing but ids for servers, and nothing but names for hosts", async () => {
    const driver = await started("host1");
    await expect(driver.getPowerState("../host2/x")).rejects.toMatchObject({ code: "virt.failed" });
    await expect(driver.initHost("../elsewhere")).rejects.toMatchObject({ code: "virt.failed" });
    await expect(new GuestFolder(folder).read("a/b")).rejects.toMatchObject({ code: "virt.failed" });
  });
});
