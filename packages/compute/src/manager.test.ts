import { computeContract } from "@kilonova/contracts";
import { Hooks } from "@kilonova/core";
import { RequestContext, refused } from "@kilonova/messaging";
import { KilonovaError, silentLogger } from "@kilonova/plugin-api";
import { FakeClock } from "@kilonova/plugin-testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOST, LEASE, type OperationRow, TestCloud, type TestCompute } from "./testing/test-cloud.js";

const CONTEXT = RequestContext.admin();

/** Waits in the middle of a driver's method until the test lets it go on. */
function gate(cloud: TestCloud, verb: string) {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let reach = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  cloud.host.before = (each) => {
    if (each !== verb) return undefined;
    reach();
    return opened;
  };
  return { reached, open };
}

function failing(cloud: TestCloud, verb: string, error: Error): void {
  cloud.host.before = (each) => {
    if (each === verb) throw error;
  };
}

async function ends(row: OperationRow, state: OperationRow["state"] = "done"): Promise<void> {
  await expect.poll(() => row.state, { timeout: 10_000, interval: 5 }).toBe(state);
}

describe("ComputeManager", () => {
  let cloud: TestCloud;

  beforeEach(async () => {
    cloud = new TestCloud();
    await cloud.open();
  });
  afterEach(() => cloud.close());

  describe("build", () => {
    it("makes the guest with its interfaces and tells each step", async () => {
      await cloud.startCompute();
      const row = cloud.newBuild();
      await cloud.wake(row);
      await ends(row);
      expect(cloud.story).toEqual(["networking", "spawning", "active"]);
      expect(cloud.server(row)).toMatchObject({ vmState: "active", taskState: null, powerState: "running" });
      expect(cloud.server(row).launchedAt).toMatch(/^\d{4}-.*Z$/);
      expect(row).toMatchObject({
        fault: null,
        events: [{ event: "compute_buildServer", host: HOST, result: "Success", details: null }],
      });
      expect(cloud.tracesOf(row)).toEqual(["guest", "vif", "address", "allocation"]);
      const { serverId } = row.operation;
      expect(cloud.host.plugged.get(serverId)?.map(({ vif }) => vif)).toEqual(cloud.addresses.get(serverId));
      expect(cloud.networkInfos.get(serverId)).toEqual(cloud.addresses.get(serverId));
    });

    it("acknowledges the cast as soon as the operation is taken, and runs once however often it is woken", async () => {
      const compute = await cloud.startCompute();
      const row = cloud.newBuild();
      const { reached, open } = gate(cloud, "spawn");
      const wake = { operationId: row.operation.id };
      await compute.manager.buildServer(CONTEXT, wake);
      await compute.manager.buildServer(CONTEXT, wake);
      await reached;
      expect(row.state).toBe("running");
      open();
      await ends(row);
      expect(cloud.host.spawns).toEqual([row.operation.serverId]);
    });

    it("passes over what is not this host's to do", async () => {
      const compute = await cloud.startCompute();
      const row = cloud.newBuild();
      row.operation = { ...row.operation, host: "host2" };
      await compute.manager.buildServer(CONTEXT, { operationId: row.operation.id });
      expect(row.state).toBe("pending");
    });

    it("gives the server back where it does not fit, naming what is short", async () => {
      await cloud.startCompute({ cpuAllocationRatio: 1 });
      cloud.host.size = { ...cloud.host.size, vcpus: 3 };
      const [small, large] = [cloud.newBuild({ vcpus: 2 }), cloud.newBuild({ vcpus: 2 })];
      await cloud.wake(small);
      await ends(small);
      await cloud.wake(large);
      await ends(large, "rescheduled");
      expect(large.fault?.message).toBe("The server could not be built: This host has 1 VCPU left, 2 are needed.");
      expect(cloud.tracesOf(large)).toEqual(["allocation"]);
    });

    it("never counts on the same resources for two builds at once", async () => {
      await cloud.startCompute({ cpuAllocationRatio: 1 });
      cloud.host.size = { ...cloud.host.size, vcpus: 5 };
      const rows = Array.from({ length: 6 }, () => cloud.newBuild({ vcpus: 2 }));
      await Promise.all(rows.map((row) => cloud.wake(row)));
      await expect.poll(() => rows.filter(({ state }) => state === "rescheduled").length).toBe(4);
      await expect.poll(() => rows.filter(({ state }) => state === "done").length).toBe(2);
    });

    it("counts a build that failed no longer", async () => {
      await cloud.startCompute({ cpuAllocationRatio: 1 });
      cloud.host.size = { ...cloud.host.size, vcpus: 2 };
      failing(cloud, "spawn", new KilonovaError("virt.reschedule", "no luck here"));
      const [first, second] = [cloud.newBuild({ vcpus: 2 }), cloud.newBuild({ vcpus: 2 })];
      await cloud.wake(first);
      await ends(first, "rescheduled");
      cloud.host.before = () => {};
      await cloud.wake(second);
      await ends(second);
    });

    it.each(["spawn", "plug"])(
      "removes all traces and gives the server back where another host may do better: %s",
      async (verb) => {
        await cloud.startCompute();
        const code = verb === "spawn" ? "virt.reschedule" : "network.failed";
        failing(cloud, verb, new KilonovaError(code, "no luck here"));
        const row = cloud.newBuild();
        await cloud.wake(row);
        await ends(row, "rescheduled");
        expect(row.fault).toMatchObject({ code: 500, message: "The server could not be built: no luck here" });
        expect(row.events).toMatchObject([{ event: "compute_buildServer", result: "Error", details: "no luck here" }]);
        // Its allocation moves with it.
        expect(cloud.tracesOf(row)).toEqual(["allocation"]);
      },
    );

    it("keeps the guest of a server whose end was written by a conductor that died before it said so", async () => {
      const compute = await cloud.startCompute();
      cloud.lostAnswers = 1;
      const row = cloud.newBuild();
      await cloud.wake(row);
      await ends(row);
      await compute.manager.cleanupHost(CONTEXT);
      expect(cloud.server(row)).toMatchObject({ vmState: "active", taskState: null });
      expect(cloud.tracesOf(row)).toEqual(["guest", "vif", "address", "allocation"]);
    });

    it("ends in error without a trace where no host can do it", async () => {
      await cloud.startCompute();
      failing(cloud, "spawn", new KilonovaError("virt.failed", `impossible ${"x".repeat(300)}`));
      const row = cloud.newBuild();
      await cloud.wake(row);
      await ends(row);
      expect(cloud.server(row)).toMatchObject({ vmState: "error", taskState: null });
      expect(row.fault?.message).toMatch(/^The server could not be built: impossible x+…$/);
      expect(row.fault?.message.length).toBe(255);
      await expect.poll(() => cloud.tracesOf(row)).toEqual([]);
    });

    it.each<[string, ConstructorParameters<typeof KilonovaError>[2], number]>([
      ["what runs nowhere", { details: { reason: "impossible" } }, 400],
      ["what the driver does not explain", {}, 500],
    ])("tells by the fault's code whether the host is to blame: %s", async (_, options, code) => {
      await cloud.startCompute();
      failing(cloud, "spawn", new KilonovaError("virt.failed", "no luck", options));
      const row = cloud.newBuild();
      await cloud.wake(row);
      await ends(row);
      expect(row.fault?.code).toBe(code);
    });

    it("ends in error in words where the networks cannot be had", async () => {
      await cloud.startCompute();
      cloud.networkRefusal = refused("noMoreAddresses", { networkId: "n1" });
      const row = cloud.newBuild();
      await cloud.wake(row);
      await ends(row);
      const words = "The server could not be built: No more addresses on network n1.";
      expect(row.fault).toEqual({ code: 400, message: words, details: null });
      await expect.poll(() => cloud.tracesOf(row)).toEqual([]);
    });

    it("ends in error in words where the image is gone", async () => {
      await cloud.startCompute();
      const row = cloud.newBuild({}, { imageId: "i1" });
      await cloud.wake(row);
      await ends(row);
      const words = "The server could not be built: Image i1 could not be found.";
      expect(row.fault).toEqual({ code: 400, message: words, details: null });
      await expect.poll(() => cloud.tracesOf(row)).toEqual([]);
    });

    it("ends in error in the words of a hook that vetoes it", async () => {
      const hooks = new Hooks(silentLogger);
      const seen: unknown[] = [];
      hooks.enter("Veto", { point: "server.build" }, async () => ({
        pre: ({ payload }) => {
          seen.push(payload);
          return { veto: "not on a Sunday" };
        },
      }));
      await cloud.startCompute({}, hooks);
      const row = cloud.newBuild();
      await cloud.wake(row);
      await ends(row);
      expect(seen).toMatchObject([{ operationId: row.operation.id, server: { id: row.operation.serverId } }]);
      expect(JSON.stringify(seen)).not.toContain("publicKey");
      expect(row.fault).toMatchObject({
        code: 403,
        message: expect.stringContaining("not on a Sunday"),
        details: null,
      });
      await expect.poll(() => cloud.tracesOf(row)).toEqual([]);
    });

    it("ends in error in the words of a hook that vetoes its networks", async () => {
      const hooks = new Hooks(silentLogger);
      hooks.enter("Veto", { point: "server.networkInfo" }, async () => ({
        pre: () => ({ veto: "no address is left" }),
      }));
      await cloud.startCompute({}, hooks);
      const row = cloud.newBuild();
      await cloud.wake(row);
      await ends(row);
      expect(cloud.server(row).vmState).toBe("error");
      expect(row.fault?.message).toBe("The server could not be built: no address is left");
      await expect.poll(() => cloud.tracesOf(row)).toEqual([]);
    });

    it("tells hooks of the interfaces that the guest got", async () => {
      const hooks = new Hooks(silentLogger);
      const told: Record<string, unknown> = {};
      for (const point of ["server.networkInfo", "server.build"]) {
        hooks.enter("Watch", { point }, async () => ({
          post: (event, result) => {
            told[point] = [event.payload, result];
          },
        }));
      }
      await cloud.startCompute({}, hooks);
      const row = cloud.newBuild();
      await cloud.wake(row);
      await ends(row);
      const server = { id: row.operation.serverId, flavor: { vcpus: 1 }, metadata: {} };
      const networkInfo = [{ networkId: expect.any(String), addresses: [{ address: expect.any(String) }] }];
      expect(told).toMatchObject({
        "server.networkInfo": [{ server, networks: "auto" }, networkInfo],
        "server.build": [{ server }, { networkInfo }],
      });
    });

    it("builds no more at a time than it may", async () => {
      await cloud.startCompute({ maxConcurrentBuilds: 2 });
      let [running, most] = [0, 0];
      cloud.host.before = async (verb) => {
        if (verb !== "spawn") return;
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      };
      const rows = Array.from({ length: 8 }, () => cloud.newBuild());
      await Promise.all(rows.map((row) => cloud.wake(row)));
      for (const row of rows) await ends(row);
      expect(most).toBe(2);
    });

    it("asks a service again that is away for a while", async () => {
      await cloud.startCompute();
      await cloud.silence("network");
      const row = cloud.newBuild();
      await cloud.wake(row);
      await expect.poll(() => cloud.story).toEqual(["networking"]);
      await cloud.serve("network");
      await ends(row);
      expect(cloud.server(row).vmState).toBe("active");
    });

    it("tells a conductor that was away in the end", async () => {
      await cloud.startCompute();
      const row = cloud.newBuild();
      const { reached, open } = gate(cloud, "spawned");
      await cloud.wake(row);
      await reached;
      await cloud.silence("conductor");
      open();
      await cloud.serve("conductor");
      await ends(row);
      expect(cloud.host.spawns).toHaveLength(1);
    });
  });

  describe("ownership", () => {
    it("lets a delete overtake a build: the build undoes what it made, the delete ends the server", async () => {
      await cloud.startCompute();
      const build = cloud.newBuild();
      const { reached } = gate(cloud, "spawn");
      await cloud.wake(build);
      await reached;
      const removal = cloud.newOperation(build.operation.serverId, "delete");
      await cloud.wake(removal);
      await ends(removal);
      expect(cloud.server(removal)).toMatchObject({ vmState: "deleted", taskState: null });
      expect(build.state).toBe("running");
      expect(cloud.story).toEqual(["networking", "spawning", "deleted"]);
      expect(cloud.tracesOf(build)).toEqual([]);
    });

    it("lets a delete overtake a build whose guest is just made", async () => {
      await cloud.startCompute();
      const build = cloud.newBuild();
      const { reached } = gate(cloud, "spawned");
      await cloud.wake(build);
      await reached;
      const removal = cloud.newOperation(build.operation.serverId, "delete");
      await cloud.wake(removal);
      await ends(removal);
      expect(cloud.tracesOf(build)).toEqual([]);
    });

    it("destroys what it made when it learns at a step that the operation is another's, and says nothing", async () => {
      const { manager } = await cloud.startCompute();
      const row = cloud.newBuild();
      const { reached, open } = gate(cloud, "spawned");
      await cloud.wake(row);
      await reached;
      cloud.takeAway(row);
      open();
      await expect.poll(() => cloud.host.guests.size).toBe(0);
      await manager.cleanupHost(CONTEXT.within(5_000));
      expect(cloud.tracesOf(row)).toEqual(["allocation"]);
      expect(row).toMatchObject({ state: "running", owner: "somebody else", fault: null });
    });
  });

  describe("leases", () => {
    let clock: FakeClock;

    beforeEach(async () => {
      clock = new FakeClock();
      cloud = new TestCloud(clock);
      await cloud.open();
    });

    it("renews the lease three times in its length, while the work goes on and no longer", async () => {
      await cloud.startCompute();
      const row = cloud.newBuild();
      const { reached, open } = gate(cloud, "spawn");
      await cloud.wake(row);
      await reached;
      for (let renewals = 1; renewals <= 6; renewals++) {
        await clock.advance(LEASE / 3);
        await expect.poll(() => cloud.renewals).toBe(renewals);
      }
      open();
      await ends(row);
      await clock.advance(LEASE);
      expect(cloud.renewals).toBe(6);
    });

    it("does not take the end of an operation for its loss while it cannot tell whether it was heard", async () => {
      const compute = await cloud.startCompute();
      cloud.lostAnswers = Number.POSITIVE_INFINITY;
      const row = cloud.newBuild();
      await cloud.wake(row);
      await ends(row);
      await clock.advance(LEASE / 2);
      cloud.lostAnswers = 0;
      await clock.advance(LEASE / 4);
      await compute.manager.cleanupHost(CONTEXT);
      expect(cloud.tracesOf(row)).toEqual(["guest", "vif", "address", "allocation"]);
    });

    it("stops a build in the middle when its lease turns out to be another's, and undoes it", async () => {
      await cloud.startCompute();
      const row = cloud.newBuild();
      const { reached } = gate(cloud, "spawn");
      await cloud.wake(row);
      await reached;
      cloud.takeAway(row);
      await clock.advance(LEASE / 3);
      await expect.poll(() => cloud.tracesOf(row)).toEqual(["allocation"]);
      expect(cloud.story).toEqual(["networking", "spawning"]);
    });

    it("goes on when no conductor answers the renewal", async () => {
      await cloud.startCompute();
      const row = cloud.newBuild();
      const { reached, open } = gate(cloud, "spawn");
      await cloud.wake(row);
      await reached;
      await cloud.silence("conductor");
      await clock.advance(LEASE / 3);
      await cloud.serve("conductor");
      await clock.advance(LEASE / 3);
      await expect.poll(() => cloud.renewals).toBe(1);
      open();
      await ends(row);
    });
  });

  describe("a new life", () => {
    it.each(["plug", "spawn", "spawned"])(
      "goes on with a build that was killed at %s: ended once, made once",
      async (verb) => {
        const first = await cloud.startCompute();
        const row = cloud.newBuild();
        const { reached } = gate(cloud, verb);
        await cloud.wake(row);
        await reached;
        await first.kill();
        cloud.host.before = () => {};
        await cloud.startCompute();
        await ends(row);
        expect(cloud.server(row).vmState).toBe("active");
        expect(cloud.host.spawns).toEqual([row.operation.serverId]);
        expect(cloud.tracesOf(row)).toEqual(["guest", "vif", "address", "allocation"]);
      },
    );

    it("goes on with a delete that was killed in the middle", async () => {
      const first = await cloud.startCompute();
      const row = cloud.newOperation(cloud.newServer().id, "delete");
      const { reached } = gate(cloud, "destroy");
      await cloud.wake(row);
      await reached;
      await first.kill();
      cloud.host.before = () => {};
      await cloud.startCompute();
      await ends(row);
      await expect.poll(() => cloud.tracesOf(row)).toEqual([]);
    });

    it("leaves a guest alone of which the conductor knows nothing", async () => {
      cloud.host.guests.set("stranger", "running");
      await cloud.startCompute();
      expect([...cloud.host.guests.keys()]).toEqual(["stranger"]);
    });

    it("destroys guests whose servers are gone, and waits for a conductor before it does", async () => {
      const kept = cloud.newServer();
      cloud.deleted.add("orphan");
      cloud.host.guests.set("orphan", "running");
      await cloud.silence("conductor");
      const starting = cloud.startCompute();
      await cloud.serve("conductor");
      await starting;
      expect([...cloud.host.guests.keys()]).toEqual([kept.id]);
    });

    it("leaves what does not end in time as it is when it is told to stop", async () => {
      const { manager } = await cloud.startCompute();
      const row = cloud.newBuild();
      const { reached } = gate(cloud, "spawned");
      await cloud.wake(row);
      await reached;
      await manager.cleanupHost(CONTEXT.within(1));
      expect(row.state).toBe("running");
      expect(cloud.tracesOf(row)).toEqual(["guest", "vif", "address", "allocation"]);
      cloud.host.before = () => {};
      await cloud.startCompute();
      await ends(row);
      expect(cloud.host.spawns).toHaveLength(1);
    });

    it("lets what runs end before it leaves, and takes nothing new", async () => {
      const { manager } = await cloud.startCompute();
      const [running, late] = [cloud.newBuild(), cloud.newBuild()];
      const { reached, open } = gate(cloud, "spawn");
      await cloud.wake(running);
      await reached;
      const leaving = manager.cleanupHost(CONTEXT.within(10_000));
      await manager.buildServer(CONTEXT, { operationId: late.operation.id });
      open();
      await leaving;
      expect([running.state, late.state]).toEqual(["done", "pending"]);
    });
  });

  describe("other actions", () => {
    it("deletes a server with all that it has", async () => {
      await cloud.startCompute();
      const row = cloud.newOperation(cloud.newServer().id, "delete");
      await cloud.wake(row);
      await ends(row);
      expect(cloud.server(row)).toMatchObject({ vmState: "deleted", taskState: null });
      expect(row.events).toMatchObject([{ event: "compute_deleteServer", result: "Success" }]);
      await expect.poll(() => cloud.tracesOf(row)).toEqual([]);
    });

    it("leaves a server in error that cannot be deleted, with what it has", async () => {
      await cloud.startCompute();
      const row = cloud.newOperation(cloud.newServer().id, "delete");
      failing(cloud, "destroy", new Error("the disk is stuck"));
      await cloud.wake(row);
      await ends(row);
      expect(cloud.server(row)).toMatchObject({ vmState: "error", taskState: null });
      expect(row.fault?.message).toBe("The server could not be deleted: the disk is stuck");
      expect(cloud.tracesOf(row)).toEqual(["guest", "address", "allocation"]);
    });

    it("leaves a server as it is whose deletion a hook vetoes", async () => {
      const hooks = new Hooks(silentLogger);
      hooks.enter("Veto", { point: "guest.destroy" }, async () => ({ pre: () => ({ veto: "it is on hold" }) }));
      await cloud.startCompute({}, hooks);
      const row = cloud.newOperation(cloud.newServer().id, "delete");
      await cloud.wake(row);
      await ends(row);
      expect(cloud.server(row)).toMatchObject({ vmState: "active", taskState: null });
      expect(row.fault?.message).toContain("it is on hold");
      expect(cloud.host.guests.has(row.operation.serverId)).toBe(true);
    });

    it("leaves a delete for later that a service is away for too long for, and does it when it is woken again", async () => {
      const clock = new FakeClock();
      cloud = new TestCloud(clock);
      await cloud.open();
      await cloud.startCompute();
      await cloud.silence("placement");
      const row = cloud.newOperation(cloud.newServer().id, "delete");
      await cloud.wake(row);
      await expect.poll(() => cloud.addresses.size).toBe(0);
      for (let waited = 0; waited < 90_000; waited += 1_000) await clock.advance(1_000);
      expect(row.state).toBe("running");
      await cloud.serve("placement");
      // Its lease is over: a sweep makes it anybody's of the host, and wakes it.
      row.owner = undefined;
      await cloud.wake(row);
      await ends(row);
      await expect.poll(() => cloud.tracesOf(row)).toEqual([]);
    });

    it("stops, starts and reboots a guest", async () => {
      await cloud.startCompute();
      const { id } = cloud.newServer();
      const verbs: string[] = [];
      cloud.host.before = (verb) => {
        verbs.push(verb);
      };
      const ended = [];
      for (const [action, args] of [["stop"], ["start"], ["reboot", { rebootType: "HARD" }], ["reboot", {}]] as const) {
        const row = cloud.newOperation(id, action, args);
        await cloud.wake(row);
        await ends(row);
        const { vmState, taskState, powerState } = cloud.server(row);
        ended.push([vmState, taskState, powerState]);
      }
      const running = ["active", null, "running"];
      expect(ended).toEqual([["stopped", null, "shutdown"], running, running, running]);
      expect(verbs).toEqual(["powerOff", "plug", "powerOn", "plug", "reboot HARD", "plug", "reboot SOFT"]);
      expect(cloud.story).toEqual(["stopped", "active", "reboot_started_hard", "active", "reboot_started", "active"]);
    });

    it.each([
      ["start", "powerOn", "The server could not be started: no"],
      ["stop", "powerOff", "The server could not be stopped: no"],
      ["reboot", "reboot SOFT", "The server could not be rebooted: no"],
    ] as const)("leaves a server as it was where %s fails", async (action, verb, message) => {
      await cloud.startCompute();
      const row = cloud.newOperation(cloud.newServer().id, action);
      failing(cloud, verb, new KilonovaError("virt.failed", "no"));
      await cloud.wake(row);
      await ends(row);
      expect(row.fault?.message).toBe(message);
      expect(cloud.server(row)).toMatchObject({ vmState: "active", taskState: null, powerState: "running" });
    });

    it("hands out the console, or says why it cannot", async () => {
      await cloud.startCompute();
      const { id } = cloud.newServer();
      const { call } = cloud.rpc.client(computeContract).prepare({ server: HOST });
      expect(await call.getConsoleOutput(CONTEXT, { serverId: id, length: 1 })).toEqual({ ok: true, value: "two\n" });
      expect(await call.getConsoleOutput(CONTEXT, { serverId: "none", length: null })).toMatchObject({
        refusal: "serverNotFound",
      });
      cloud.host.console = null;
      expect(await call.getConsoleOutput(CONTEXT, { serverId: id, length: null })).toMatchObject({
        refusal: "notSupported",
      });
    });
  });

  describe("reports", () => {
    it("tells placement and the conductor what the host has, under an id that stays", async () => {
      cloud.newServer();
      await cloud.startCompute({ reservedHostMemoryMb: 512, reservedHostDiskMb: 1_500 });
      const { provider, node } = cloud;
      expect(provider).toMatchObject({
        name: "node1",
        inventories: {
          VCPU: { total: 8, reserved: 0, allocationRatio: 4, minUnit: 1, maxUnit: 8, stepSize: 1 },
          MEMORY_MB: { total: 8_192, reserved: 512, allocationRatio: 1 },
          DISK_GB: { total: 100, reserved: 2, allocationRatio: 1 },
        },
      });
      expect(node).toMatchObject({
        id: provider?.id,
        host: HOST,
        vcpus: 8,
        vcpusUsed: 1,
        memoryMbUsed: 32,
        runningServers: 1,
      });
      await cloud.startCompute({ reservedHostMemoryMb: 512, reservedHostDiskMb: 1_500 });
      expect(cloud.provider?.id).toBe(provider?.id);
      expect(cloud.inventoryWrites).toBe(1);
    });

    it("tries again when its provider changed meanwhile", async () => {
      cloud.inventoryRefusals.push(
        refused("generationConflict", { providerId: "p", generation: 1 }),
        refused("generationConflict", { providerId: "p", generation: 2 }),
      );
      await cloud.startCompute();
      expect(cloud.inventoryWrites).toBe(1);
    });

    it("tells the conductor the facts of the host, and none where its driver has none", async () => {
      await cloud.startCompute();
      expect(cloud.node?.facts).toEqual({});
      const facts = { metrics: { "cpu.percent": 12 }, stats: { rack: "r1" } };
      cloud.host.description = { facts };
      await cloud.startCompute();
      expect(cloud.node?.facts).toEqual(facts);
    });

    it("gives its provider the traits of its driver, keeps those of others, and writes none twice", async () => {
      cloud.host.description = { traits: ["HW_CPU_X86_AVX2", "CUSTOM_FAST"] };
      const { manager } = await cloud.startCompute();
      expect(cloud.provider?.traits).toEqual(["CUSTOM_FAST", "HW_CPU_X86_AVX2"]);
      await manager.updateAvailableResource(CONTEXT);
      expect(cloud.traitWrites).toBe(1);
      if (cloud.provider) cloud.provider = { ...cloud.provider, traits: [...cloud.provider.traits, "CUSTOM_LICENSED"] };
      cloud.host.description = { traits: ["HW_CPU_X86_SSE"] };
      await manager.updateAvailableResource(CONTEXT);
      expect(cloud.provider?.traits).toEqual(["CUSTOM_LICENSED", "HW_CPU_X86_SSE"]);
    });

    it("tries again when its provider changed between its inventories and its traits", async () => {
      cloud.host.description = { traits: ["CUSTOM_FAST"] };
      cloud.traitRefusals.push(refused("generationConflict", { providerId: "p", generation: 1 }));
      await cloud.startCompute();
      expect(cloud.provider?.traits).toEqual(["CUSTOM_FAST"]);
      expect(cloud.inventoryWrites).toBe(1);
    });

    it("goes on without a trait that placement does not know", async () => {
      cloud.host.description = { traits: ["COMPUTE_NEWEST", "CUSTOM_FAST"] };
      cloud.traitRefusals.push(refused("badTrait", { trait: "COMPUTE_NEWEST" }));
      await cloud.startCompute();
      expect(cloud.provider?.traits).toEqual(["CUSTOM_FAST"]);
    });

    it.each([
      [refused("inventoryInUse", { providerId: "p", resourceClass: "DISK_GB" }), "no DISK_GB any more"],
      [refused("badResourceClass", { resourceClass: "GPU" }), "knows no resource class GPU"],
      [refused("badInventory", { resourceClass: "VCPU", problem: "reserved 9 is more than total 8" }), "reserved 9"],
    ] as const)("says why placement does not take what it has: %j", async (refusal, words) => {
      cloud.inventoryRefusals.push(refusal);
      await expect(cloud.startCompute()).rejects.toThrow(words);
    });

    it("does not start under the name of another host's hypervisor", async () => {
      cloud.provider = {
        id: "other",
        name: "node1",
        parentId: null,
        rootId: "other",
        aggregates: [],
        generation: 0,
        inventories: {},
        used: {},
        consumers: 0,
        traits: [],
      };
      await expect(cloud.startCompute()).rejects.toMatchObject({ code: "service.failedToStart" });
    });

    it("leaves a resource out of which there is nothing", async () => {
      cloud.host.size = { vcpus: 1, memoryMb: 64, diskGb: 0 };
      await cloud.startCompute();
      expect(Object.keys(cloud.provider?.inventories ?? {})).toEqual(["VCPU", "MEMORY_MB"]);
    });
  });

  describe("audit", () => {
    let compute: TestCompute;

    beforeEach(async () => {
      compute = await cloud.startCompute();
    });

    it("frees an allocation whose server is gone at the second look, and not one that changed in between", async () => {
      const kept = cloud.newServer();
      const gone = { fence: 3, allocations: [{ providerId: "p", resources: { VCPU: 1 } }] };
      cloud.allocations.set("gone", gone);
      cloud.allocations.set("coming", gone);
      await compute.manager.updateAvailableResource(CONTEXT);
      expect(cloud.allocations.get("gone")?.allocations).toHaveLength(1);
      cloud.allocations.set("coming", { ...gone, fence: 4 });
      await compute.manager.updateAvailableResource(CONTEXT);
      const left = ["gone", "coming", kept.id].map((id) => cloud.allocations.get(id)?.allocations.length);
      expect(left).toEqual([0, 1, 1]);
    });

    it("destroys guests whose servers are gone, but for those that are being worked on", async () => {
      const row = cloud.newBuild();
      const { reached, open } = gate(cloud, "spawn");
      await cloud.wake(row);
      await reached;
      const server = cloud.server(row);
      cloud.servers.set(server.id, { ...server, host: "host2" });
      cloud.deleted.add("orphan");
      cloud.host.guests.set("orphan", "running");
      await compute.manager.updateAvailableResource(CONTEXT);
      expect([...cloud.host.guests.keys()]).toEqual([server.id]);
      open();
      await ends(row);
    });
  });

  describe("power states", () => {
    it("makes a server stopped whose guest stopped, and stops a guest whose server is", async () => {
      const { manager } = await cloud.startCompute();
      const [fine, halted, running, busy, lost] = [
        cloud.newServer(),
        cloud.newServer(),
        cloud.newServer({ vmState: "stopped", powerState: "shutdown" }),
        cloud.newServer({ taskState: "powering-off" }),
        cloud.newServer(),
      ];
      cloud.host.guests.set(halted.id, "crashed");
      cloud.host.guests.set(busy.id, "shutdown");
      cloud.host.guests.delete(lost.id);
      await manager.syncPowerStates(CONTEXT);
      expect(cloud.synced).toEqual([{ serverId: halted.id, vmState: "stopped", powerState: "crashed" }]);
      expect([fine, running].map(({ id }) => cloud.host.guests.get(id))).toEqual(["running", "shutdown"]);
    });

    it("leaves a server alone that was started after the list was read, and tells what it finds at once", async () => {
      const { manager } = await cloud.startCompute({ syncPowerStateInterval: 0 });
      const halted = cloud.newServer();
      cloud.host.guests.set(halted.id, "crashed");
      const stopped = { vmState: "stopped", powerState: "shutdown" } as const;
      // As many as are looked at together: the last one's turn comes when they are done.
      for (let count = 0; count < 5; count++) cloud.newServer(stopped);
      const last = cloud.newServer(stopped);
      cloud.host.guests.set(last.id, "shutdown");
      const { reached, open } = gate(cloud, "powerOff");
      const syncing = manager.syncPowerStates(CONTEXT);
      await reached;
      await expect.poll(() => cloud.synced).toMatchObject([{ serverId: halted.id, vmState: "stopped" }]);
      const start = cloud.newOperation(last.id, "start");
      await cloud.wake(start);
      await ends(start);
      open();
      await syncing;
      expect(cloud.host.guests.get(last.id)).toBe("running");
      expect(cloud.server(start).vmState).toBe("active");
    });

    it("hears of guests that stop by themselves", async () => {
      const { virt } = await cloud.startCompute();
      const [one, two, other] = [cloud.newServer(), cloud.newServer(), cloud.newServer()];
      for (const { id } of [one, two, other]) cloud.host.guests.set(id, "shutdown");
      virt.tell({ serverId: one.id, powerState: "shutdown" });
      virt.tell({ serverId: two.id, powerState: "shutdown" });
      await expect.poll(() => cloud.synced.map(({ serverId }) => serverId).sort()).toEqual([one.id, two.id].sort());
    });
  });
});
