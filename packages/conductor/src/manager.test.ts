import { randomUUID } from "node:crypto";
import {
  createServers,
  eventsOfOperation,
  findServer,
  findServerEvenDeleted,
  operationsOfServer,
  requestOperation,
} from "@kilonova/compute-store";
import { type ComputeDatabase, computeDatabase, createRequest, newServer } from "@kilonova/compute-store/testing";
import { conductorContract } from "@kilonova/contracts";
import { endpointOf, noMetrics } from "@kilonova/core";
import { DatabaseServiceRecords } from "@kilonova/database";
import { MemoryTransport, MemoryWire, RequestContext, Rpc } from "@kilonova/messaging";
import { type Options, type ServiceRecord, silentLogger, systemClock } from "@kilonova/plugin-api";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ConductorManager } from "./manager.js";
import { conductorOptions } from "./options.js";
import { FakeCloud } from "./testing/fake-cloud.js";
import { recordingNotifications, type Told } from "./testing/recording-notifications.js";

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());

const context = RequestContext.admin();
const down = new Set<string>();
const group = {
  join: async () => {},
  leave: async () => {},
  isUp: (record: ServiceRecord) => !down.has(record.host),
};

let cloud: FakeCloud;
let rpc: Rpc;
let conductor: ConductorManager;
let told: Told[];

beforeEach(async () => {
  told = [];
  down.clear();
  await run("delete from compute.servers");
  await run("delete from framework.services");
  const wire = new MemoryWire();
  rpc = new Rpc(new MemoryTransport(wire));
  cloud = await FakeCloud.start(new Rpc(new MemoryTransport(wire)));
  conductor = makeConductor();
});
afterEach(() => conductor.idle());

function makeConductor(changes: Partial<Options<typeof conductorOptions>> = {}, host = `control-${randomUUID()}`) {
  const settings = { ...conductorOptions.schema.parse({}), stepTimeout: 200, ...changes };
  const { database } = store;
  const records = new DatabaseServiceRecords(database);
  return new ConductorManager(
    database,
    database,
    rpc,
    systemClock,
    silentLogger,
    host,
    records,
    group,
    settings,
    recordingNotifications(told),
    noMetrics,
  );
}

async function run(statement: string, ...parameters: unknown[]) {
  await store.database.$client.query(statement, parameters);
}

async function hosts(...names: string[]) {
  const records = new DatabaseServiceRecords(store.database);
  for (const host of names) {
    const { id } = await records.register({ binary: "kilonova-compute", topic: "compute", host, contracts: {} });
    await records.report(id);
  }
}

async function ask(count = 1) {
  const servers = Array.from({ length: count }, () => newServer());
  const created = await createServers(store.database, createRequest({ servers, minCount: count }));
  if (!created.ok) throw new Error("no quota was set");
  return created.value.operations;
}

async function askOne() {
  const [operation] = await ask();
  if (!operation) throw new Error("one was asked for");
  return operation;
}

async function schedule(...operationIds: string[]) {
  await conductor.scheduleAndBuildServers(context, { operationIds });
  await conductor.idle();
}

/** Casts that are on their way have arrived. */
async function woken() {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return cloud.woken;
}

async function take(operationId: string, host: string, owner = "compute-life") {
  const taken = await conductor.takeOperation(context, { operationId, host, owner });
  if (!taken.ok) throw new Error(taken.refusal);
  return { operationId, host, fence: taken.value.operation.fence };
}

async function sweep(by = conductor) {
  await by.sweepOperations(context);
  await by.idle();
}

/** As if so much time had gone by that nobody has it any more. */
async function makeDue(operationId: string) {
  await run(
    "update compute.operations set due_at = now() - interval '1 ms', lease_until = lease_until - interval '1 d' where id = $1",
    operationId,
  );
}

async function remove(serverId: string) {
  const asked = await requestOperation(store.database, {
    serverId,
    action: "delete",
    args: {},
    taskState: "deleting",
    requestId: "req-delete",
    projectId: "project",
    userId: "user",
    takeWithin: 5_000,
  });
  if (!asked.ok) throw new Error(asked.refusal);
  return asked.value;
}

const FAULT = { code: 500, message: "No room in the end.", details: null };

describe("a build", () => {
  test("is placed where the scheduler says and its compute is woken; the server goes on from there", async () => {
    const operation = await askOne();
    cloud.answerWith("host-a", "host-b");
    await schedule(operation.id);

    expect(await woken()).toEqual([{ host: "host-a", method: "buildServer", operationId: operation.id }]);
    expect(await findServer(store.database, operation.serverId)).toMatchObject({
      host: "host-a",
      taskState: "scheduling",
    });
    const step = await take(operation.id, "host-a");
    expect(
      await conductor.updateServer(context, { ...step, changes: { taskState: "spawning" }, events: [] }),
    ).toMatchObject({ ok: true });
    expect(await conductor.renewOperation(context, step)).toMatchObject({ ok: true });
    const end = { changes: { vmState: "active" as const, powerState: "running" as const }, fault: null, events: [] };
    expect(await conductor.finishOperation(context, { ...step, ...end })).toMatchObject({ ok: true });
    expect(await findServer(store.database, operation.serverId)).toMatchObject({ vmState: "active", taskState: null });
    expect(await eventsOfOperation(store.database, operation.id)).toMatchObject([
      { event: "conductor_schedule", result: "Success" },
    ]);
  });

  test("of 100 servers in one request asks the scheduler once", async () => {
    const operations = await ask(100);
    cloud.answerWith("host-a");
    await schedule(...operations.map(({ id }) => id));

    expect(cloud.selections).toHaveLength(1);
    expect(cloud.selections[0]?.servers).toHaveLength(100);
    expect(new Set((await woken()).map(({ operationId }) => operationId)).size).toBe(100);
  });

  test("that fits nowhere ends in error with the reason, and asks nobody to give back what was never taken", async () => {
    const operation = await askOne();
    await schedule(operation.id);

    expect(await findServer(store.database, operation.serverId)).toMatchObject({
      vmState: "error",
      taskState: null,
      host: null,
      fault: { code: 500, message: "No valid host was found. No host has enough memory." },
    });
    expect(cloud.claims).toEqual([]);
    expect(await operationsOfServer(store.database, operation.serverId)).toMatchObject([{ state: "failed" }]);
  });

  test("that a hook vetoes while hosts are sought ends in error in the hook's words", async () => {
    const operation = await askOne();
    cloud.veto = "Nothing is built on Sundays.";
    await schedule(operation.id);

    expect(await findServer(store.database, operation.serverId)).toMatchObject({
      vmState: "error",
      fault: { code: 500, message: "The server could not be scheduled: Nothing is built on Sundays." },
    });
  });

  test("whose first conductor claimed and died gives back what that one claimed when it fits nowhere", async () => {
    const operation = await askOne();
    cloud.silent = true;
    conductor = makeConductor({ stepTimeout: 0 });
    await schedule(operation.id);
    cloud.silent = false;
    await makeDue(operation.id);
    await sweep();

    expect(await findServer(store.database, operation.serverId)).toMatchObject({ vmState: "error" });
    expect(cloud.claims).toEqual([{ serverId: operation.serverId, fence: 2, hosts: [] }]);
    expect(cloud.deallocated).toEqual([{ serverId: operation.serverId, fence: 2 }]);
  });

  test("whose scheduler claimed and died gives back what that one claimed when the next says that it fits nowhere", async () => {
    const operation = await askOne();
    conductor = makeConductor({ stepTimeout: 10_000 });
    cloud.silent = true;
    cloud.beforeSelection = async () => {
      cloud.silent = cloud.selections.length === 1;
    };
    await schedule(operation.id);

    expect(await findServer(store.database, operation.serverId)).toMatchObject({ vmState: "error" });
    expect(cloud.claims).toEqual([{ serverId: operation.serverId, fence: 1, hosts: [] }]);
    expect(cloud.deallocated).toEqual([{ serverId: operation.serverId, fence: 1 }]);
  });

  test("cast to two conductors is done by one", async () => {
    const operations = await ask(10);
    cloud.answerWith("host-a");
    const operationIds = operations.map(({ id }) => id);
    const other = makeConductor();
    await Promise.all([conductor, other].map((each) => each.scheduleAndBuildServers(context, { operationIds })));
    await Promise.all([conductor.idle(), other.idle()]);

    expect(await woken()).toHaveLength(10);
    expect(cloud.selections.flatMap(({ servers }) => servers.map(({ fence }) => fence))).toEqual(Array(10).fill(1));
  });

  test("waits for a scheduler that is just being restarted", async () => {
    const operation = await askOne();
    conductor = makeConductor({ stepTimeout: 10_000 });
    cloud.answerWith("host-a");
    await cloud.stop("scheduler");
    await conductor.scheduleAndBuildServers(context, { operationIds: [operation.id] });
    await cloud.startScheduler();
    await conductor.idle();
    expect(await woken()).toHaveLength(1);
  });

  test("goes on without the server that was deleted meanwhile", async () => {
    const operations = await ask(2);
    const [first, second] = operations;
    if (!first || !second) throw new Error("two were asked for");
    cloud.answerWith("host-a");
    cloud.beforeSelection = async () => {
      const { id } = await remove(first.serverId);
      await conductor.deleteServer(context, { operationId: id });
    };
    await schedule(first.id, second.id);

    expect(await findServerEvenDeleted(store.database, first.serverId)).toMatchObject({ vmState: "deleted" });
    expect(cloud.allocations.has(first.serverId)).toBe(false);
    expect(await woken()).toEqual([{ host: "host-a", method: "buildServer", operationId: second.id }]);
  });
});

describe("the end of an operation", () => {
  test("is told once, by whoever wrote it down, of the request that asked for it", async () => {
    const operation = await askOne();
    cloud.answerWith("host-a");
    await schedule(operation.id);
    const step = await take(operation.id, "host-a");
    await conductor.updateServer(context, { ...step, changes: { taskState: "spawning" }, events: [] });
    expect(told).toEqual([]);
    const end = { changes: { vmState: "active" as const }, fault: null, events: [] };
    await conductor.finishOperation(context, { ...step, ...end });
    await conductor.finishOperation(context, { ...step, ...end });
    expect(told).toMatchObject([
      {
        eventType: "instance.create.end",
        priority: "info",
        requestId: operation.requestId,
        payload: { operationId: operation.id, server: { id: operation.serverId, vmState: "active", host: "host-a" } },
      },
    ]);
    expect(Object.keys(told[0]?.payload["server"] as object)).not.toContain("userData");
  });

  test("is an error where it failed, whether on a host or before there was one", async () => {
    const unplaced = await askOne();
    cloud.answerWith();
    await schedule(unplaced.id);
    const refused = await askOne();
    cloud.answerWith("host-a");
    await schedule(refused.id);
    const step = await take(refused.id, "host-a");
    await conductor.finishOperation(context, { ...step, changes: { vmState: "error" }, fault: FAULT, events: [] });
    expect(told).toMatchObject([
      {
        eventType: "instance.create.error",
        priority: "error",
        payload: {
          server: { id: unplaced.serverId, vmState: "error" },
          fault: { message: expect.stringContaining("No valid host") },
        },
      },
      { eventType: "instance.create.error", payload: { server: { host: null }, fault: { message: FAULT.message } } },
    ]);
  });

  test("is not told of one that a newer one overtakes, but of the newer", async () => {
    const operation = await askOne();
    cloud.answerWith("host-a");
    await schedule(operation.id);
    const step = await take(operation.id, "host-a");
    const asked = await remove(operation.serverId);
    await conductor.finishOperation(context, { ...step, changes: { vmState: "active" }, fault: null, events: [] });
    const deleting = await take(asked.id, "host-a");
    await conductor.finishOperation(context, { ...deleting, changes: { vmState: "deleted" }, fault: null, events: [] });
    expect(told).toMatchObject([
      { eventType: "instance.delete.end", requestId: "req-delete", payload: { server: { vmState: "deleted" } } },
    ]);
  });

  test.each([
    ["start", "instance.power_on"],
    ["stop", "instance.power_off"],
    ["reboot", "instance.reboot"],
  ] as const)("of a %s is %s.end or .error", async (action, eventType) => {
    const operation = await askOne();
    cloud.answerWith("host-a");
    await schedule(operation.id);
    const built = await take(operation.id, "host-a");
    await conductor.finishOperation(context, { ...built, changes: { vmState: "active" }, fault: null, events: [] });
    for (const fault of [null, FAULT]) {
      const asked = await requestOperation(store.database, {
        serverId: operation.serverId,
        action,
        args: {},
        taskState: "rebooting",
        requestId: "req-power",
        projectId: "project",
        userId: "user",
        takeWithin: 5_000,
      });
      if (!asked.ok) throw new Error(asked.refusal);
      const step = await take(asked.value.id, "host-a");
      await conductor.finishOperation(context, { ...step, changes: {}, fault, events: [] });
    }
    expect(told.slice(1).map(({ eventType: told, priority }) => [told, priority])).toEqual([
      [`${eventType}.end`, "info"],
      [`${eventType}.error`, "error"],
    ]);
  });
});

describe("a reschedule", () => {
  async function rescheduled(...alternates: string[]) {
    const operation = await askOne();
    cloud.answerWith("host-a", ...alternates);
    await schedule(operation.id);
    const step = await take(operation.id, "host-a");
    const answer = await conductor.rescheduleServer(context, { ...step, fault: FAULT, events: [] });
    await conductor.idle();
    return { ...operation, step, answer };
  }

  test("goes to the next alternate that lives and has room", async () => {
    await hosts("host-a", "host-b", "host-c", "host-d");
    down.add("host-b");
    cloud.full.add("host-c");
    conductor = makeConductor({ maxAttempts: 5 });
    const operation = await rescheduled("host-b", "host-c", "host-d");

    expect(operation.answer).toMatchObject({ ok: true });
    expect(cloud.allocations.get(operation.serverId)).toEqual(["host-d"]);
    expect((await woken()).at(-1)).toMatchObject({ host: "host-d" });
    expect(
      await conductor.finishOperation(context, { ...operation.step, changes: {}, fault: null, events: [] }),
    ).toMatchObject({ refusal: "stale" });
    const taken = await conductor.takeOperation(context, { operationId: operation.id, host: "host-d", owner: "x" });
    expect(taken).toMatchObject({ ok: true, value: { operation: { attempt: 2, alternates: [] } } });
  });

  test("with no alternate left ends in error with what the last host said, and nothing is left", async () => {
    const operation = await rescheduled();
    expect(await findServer(store.database, operation.serverId)).toMatchObject({
      vmState: "error",
      taskState: null,
      host: null,
      fault: { message: "1 host tried to build the server and failed; no other is left. No room in the end." },
    });
    expect(cloud.allocations.has(operation.serverId)).toBe(false);
    expect(cloud.deallocated.at(-1)?.serverId).toBe(operation.serverId);
  });

  test("happens at most maxAttempts times", async () => {
    await hosts("host-a", "host-b", "host-c");
    conductor = makeConductor({ maxAttempts: 2 });
    const operation = await rescheduled("host-b", "host-c");
    const step = await take(operation.id, "host-b");
    await conductor.rescheduleServer(context, { ...step, fault: FAULT, events: [] });
    await conductor.idle();
    expect(await findServer(store.database, operation.serverId)).toMatchObject({
      vmState: "error",
      fault: { message: expect.stringContaining("2 hosts tried") },
    });
  });
});

describe("the sweep", () => {
  test("does what a lost cast should have", async () => {
    const operation = await askOne();
    cloud.answerWith("host-a");
    await sweep();
    expect(cloud.selections).toEqual([]);
    await makeDue(operation.id);
    await sweep();
    expect(await woken()).toHaveLength(1);
  });

  test("wakes a compute again that did not take its operation, and leaves one alone that works", async () => {
    await hosts("host-a");
    const operation = await askOne();
    cloud.answerWith("host-a");
    await schedule(operation.id);
    await makeDue(operation.id);
    await sweep();
    expect(await woken()).toHaveLength(2);

    await take(operation.id, "host-a");
    await sweep();
    expect(await woken()).toHaveLength(2);
  });

  test("waits for a compute that is down, then sends its build elsewhere; what the first still says is refused", async () => {
    await hosts("host-a", "host-b");
    const operation = await askOne();
    cloud.answerWith("host-a", "host-b");
    await schedule(operation.id);
    const step = await take(operation.id, "host-a");
    down.add("host-a");
    await makeDue(operation.id);
    await sweep();
    expect(await woken()).toHaveLength(1);

    await silentSince("host-a", "1 hour");
    await makeDue(operation.id);
    await sweep(makeConductor());
    expect((await woken()).at(-1)).toMatchObject({ host: "host-b" });
    expect(cloud.allocations.get(operation.serverId)).toEqual(["host-b"]);
    expect(await conductor.renewOperation(context, step)).toMatchObject({ refusal: "stale" });
    expect(await conductor.knownServers(context, { host: "host-a", serverIds: [operation.serverId] })).toEqual({
      here: [],
      gone: [operation.serverId],
    });
  });

  test("deletes without a compute that is down for long, and clears what else was asked of it", async () => {
    await hosts("host-a");
    const [deleted, stopped] = [await activeOn("host-a"), await activeOn("host-a")];
    const removal = await remove(deleted);
    const stop = await requestOperation(store.database, {
      serverId: stopped,
      action: "stop",
      args: {},
      taskState: "powering-off",
      requestId: "req-stop",
      projectId: "project",
      userId: "user",
      takeWithin: 0,
    });
    if (!stop.ok) throw new Error(stop.refusal);
    down.add("host-a");
    await silentSince("host-a", "1 hour");
    await makeDue(removal.id);
    await sweep(makeConductor());

    expect(await findServerEvenDeleted(store.database, deleted)).toMatchObject({ vmState: "deleted", taskState: null });
    expect(cloud.allocations.has(deleted)).toBe(false);
    expect(cloud.deallocated.map(({ serverId }) => serverId)).toContain(deleted);
    expect(await findServer(store.database, stopped)).toMatchObject({ vmState: "active", taskState: null });
    expect(await operationsOfServer(store.database, stopped)).toMatchObject([
      { state: "failed", message: "The server could not be stopped. The compute service of host host-a is down." },
      { state: "done" },
    ]);
  });

  test("gives up what has had its time, even when nobody can be asked", async () => {
    await hosts("host-a");
    conductor = makeConductor({ operationDeadline: 1, stepTimeout: 0 });
    const operation = await askOne();
    const serverId = await activeOn("host-a");
    const removal = await remove(serverId);
    await cloud.stop("placement");
    for (const { id } of [operation, removal]) await makeDue(id);
    await aged(operation.id, removal.id);
    await sweep();

    expect(await findServer(store.database, operation.serverId)).toMatchObject({
      vmState: "error",
      taskState: null,
      fault: { message: "The server could not be built in time." },
    });
    expect(await findServer(store.database, serverId)).toMatchObject({ vmState: "error", taskState: null });
    await expect(take(removal.id, "host-a")).rejects.toThrow("notYours");
  });

  test("begins a step anew that found nobody", async () => {
    await hosts("host-a");
    const { serverId } = await askOne();
    const removal = await remove(serverId);
    await cloud.stop("network");
    conductor = makeConductor({ stepTimeout: 0 });
    await conductor.deleteServer(context, { operationId: removal.id });
    await conductor.idle();
    expect(await findServer(store.database, serverId)).toMatchObject({ taskState: "deleting" });

    await cloud.startNetwork();
    await makeDue(removal.id);
    await sweep();
    expect(await findServer(store.database, serverId)).toBeUndefined();
  });
});

describe("a conductor that leaves", () => {
  test("gives back at once what it could not end", async () => {
    const operation = await askOne();
    let release: () => void = () => {};
    cloud.beforeSelection = () => new Promise<void>((resolve) => (release = resolve));
    await conductor.scheduleAndBuildServers(context, { operationIds: [operation.id] });
    await cloud.selecting;
    await conductor.cleanupHost(context.within(0));
    await conductor.scheduleAndBuildServers(context, { operationIds: [operation.id] });

    const [row] = await operationsOfServer(store.database, operation.serverId);
    expect(row).toMatchObject({ state: "pending" });
    release();
    await conductor.idle();
    expect(await findServer(store.database, operation.serverId)).toMatchObject({ vmState: "building", host: null });
  });

  test("and one that was killed is not waited for by its next life", async () => {
    const operation = await askOne();
    let release: () => void = () => {};
    cloud.beforeSelection = () => new Promise<void>((resolve) => (release = resolve));
    conductor = makeConductor({}, "control");
    await conductor.scheduleAndBuildServers(context, { operationIds: [operation.id] });
    await cloud.selecting;

    const next = makeConductor({}, "control");
    await next.initHost(context);
    cloud.beforeSelection = async () => {};
    cloud.answerWith("host-a");
    await sweep(next);
    expect(await woken()).toHaveLength(1);
    release();
    await conductor.idle();
    expect(await woken()).toHaveLength(1);
  });
});

test("the manager and its endpoint for the framework answer their contracts", () => {
  expect(endpointOf(conductor).contract).toBe(conductorContract);
  expect(conductor.additionalEndpoints.map((each) => endpointOf(each).contract.name)).toEqual(["framework"]);
});

async function activeOn(host: string): Promise<string> {
  const operation = await askOne();
  const before = cloud.destinations;
  cloud.answerWith(host);
  await conductor.scheduleAndBuildServers(context, { operationIds: [operation.id] });
  await conductor.idle();
  cloud.destinations = before;
  const step = await take(operation.id, host);
  await conductor.finishOperation(context, { ...step, changes: { vmState: "active" }, fault: null, events: [] });
  return operation.serverId;
}

async function silentSince(host: string, interval: string) {
  await run("update framework.services set last_seen_at = now() - $1::interval where host = $2", interval, host);
}

async function aged(...ids: string[]) {
  await run("update compute.operations set created_at = created_at - interval '1 d' where id = any($1)", ids);
}
