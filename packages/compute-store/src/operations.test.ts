import { OPERATION_ACTIONS, type Operation } from "@kilonova/contracts";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  changeServer,
  createServers,
  dueOperations,
  eventsOfOperation,
  findServer,
  findServerEvenDeleted,
  finishOperation,
  operationCounts,
  operationsOfHost,
  operationsOfServer,
  placeServers,
  releaseLeases,
  renewLease,
  renewLeases,
  requestOperation,
  returnToConductor,
  stillOwned,
  takeForCompute,
  takeForConductor,
  takeFromCompute,
} from "./index.js";
import { type ComputeDatabase, computeDatabase, createRequest, newServer } from "./testing/index.js";

const LEASE = 60_000;
const HOUR = 3_600_000;
const EVENT = {
  event: "conductor_schedule",
  host: null,
  startedAt: "2026-01-01T00:00:00.000Z",
  finishedAt: "2026-01-01T00:00:01.000Z",
  result: "Success" as const,
  details: null,
};
const FAULT = { code: 500, message: "It broke.", details: null };

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());

const taker = (owner: string) => ({ owner, lease: LEASE });

async function build(count = 1) {
  const created = await createServers(
    store.database,
    createRequest({ servers: Array.from({ length: count }, () => newServer()), minCount: count }),
  );
  if (!created.ok) throw new Error("no quota was set");
  return created.value.operations;
}

async function buildOne() {
  const [operation] = await build();
  if (!operation) throw new Error("one was asked for");
  return operation;
}

function destination(host: string) {
  return {
    host,
    node: host,
    providerId: "00000000-0000-4000-8000-000000000001",
    allocations: [{ providerId: "00000000-0000-4000-8000-000000000001", resources: { VCPU: 1 } }],
  };
}

/** A build that waits for the compute of a host. */
async function placed(host: string) {
  const operation = await buildOne();
  const [taken] = await takeForConductor(store.database, taker("conductor-a"), [operation.id]);
  if (!taken) throw new Error("nobody else wanted it");
  await placeServers(
    store.database,
    [
      {
        operationId: operation.id,
        fence: taken.operation.fence,
        destination: destination(host),
        alternates: [destination(`${host}-alternate`)],
        event: EVENT,
      },
    ],
    5_000,
  );
  return operation;
}

/** A server that runs on a host. */
async function active(host: string) {
  const operation = await placed(host);
  const taken = await takeForCompute(store.database, taker("compute-a"), operation.id, host);
  if (!taken) throw new Error("nobody else wanted it");
  const step = { operationId: operation.id, fence: taken.operation.fence, host };
  await finishOperation(store.database, step, {
    changes: { vmState: "active", powerState: "running", launchedAt: "2026-01-01T00:00:00.000Z" },
    fault: null,
    events: [],
  });
  return operation.serverId;
}

/** As if so much time had gone by. */
async function leaseOver(operationId: string) {
  await store.database.execute(
    sql`update compute.operations set lease_until = now() - interval '1 ms', due_at = now() where id = ${operationId}`,
  );
}

const request = (serverId: string) => ({
  serverId,
  args: {},
  requestId: "req-1",
  projectId: "project",
  userId: "user",
  takeWithin: 5_000,
});

describe("taking", () => {
  test("of two who take the same operations at the same time, each is one's alone", async () => {
    const operations = await build(100);
    const ids = operations.map(({ id }) => id);
    const [one, other] = await Promise.all([
      takeForConductor(store.database, taker("one"), ids),
      takeForConductor(store.database, taker("other"), [...ids].reverse()),
    ]);

    expect(one.length + other.length).toBe(100);
    expect(new Set([...one, ...other].map(({ operation }) => operation.id)).size).toBe(100);
    expect(new Set([...one, ...other].map(({ operation }) => operation.fence))).toEqual(new Set([1]));
  });

  test("whoever takes an operation whose lease is over gets a higher fence, and the one before is refused", async () => {
    const operation = await buildOne();
    const [first] = await takeForConductor(store.database, taker("one"), [operation.id]);
    expect(await takeForConductor(store.database, taker("other"), [operation.id])).toEqual([]);
    await leaseOver(operation.id);
    const [second] = await takeForConductor(store.database, taker("other"), [operation.id]);

    expect([first?.operation.fence, second?.operation.fence]).toEqual([1, 2]);
    expect(second?.server.fence).toBe(2);
    const stale = { operationId: operation.id, fence: 1, host: null };
    expect(await renewLease(store.database, stale, LEASE, HOUR)).toBe(false);
    expect(await changeServer(store.database, stale, { vmState: "error" }, [])).toBe(false);
    expect(await finishOperation(store.database, stale, { changes: {}, fault: FAULT, events: [] })).toBe(false);
    expect(await returnToConductor(store.database, stale, { fault: FAULT, events: [], takeWithin: 0 })).toBe(false);
    expect(
      await placeServers(
        store.database,
        [{ ...stale, destination: destination("h"), alternates: [], event: EVENT }],
        0,
      ),
    ).toEqual([]);
    expect(await stillOwned(store.database, [stale])).toEqual([]);
    expect(await findServer(store.database, operation.serverId)).toMatchObject({ vmState: "building", host: null });
  });

  test("an owner may renew a lease that ran out as long as nobody took the operation, until the deadline", async () => {
    const operation = await buildOne();
    await takeForConductor(store.database, taker("one"), [operation.id]);
    await leaseOver(operation.id);
    const step = { operationId: operation.id, fence: 1, host: null };
    expect(await renewLease(store.database, step, LEASE, 0)).toBe(false);
    expect(await renewLease(store.database, step, LEASE, HOUR)).toBe(true);
    expect(await takeForConductor(store.database, taker("other"), [operation.id])).toEqual([]);

    await leaseOver(operation.id);
    await renewLeases(store.database, "other", [operation.id], LEASE);
    expect((await dueOperations(store.database, 100)).map((due) => due.operation.id)).toContain(operation.id);
    await renewLeases(store.database, "one", [operation.id], LEASE);
    expect(await takeForConductor(store.database, taker("other"), [operation.id])).toEqual([]);
  });

  test("leases that are given back can be taken at once", async () => {
    const operation = await buildOne();
    await takeForConductor(store.database, taker("conductor:a_b:1"), [operation.id]);
    expect(await releaseLeases(store.database, "conductor:aXb:")).toBe(0);
    expect(await releaseLeases(store.database, "conductor:a_b:")).toBe(1);
    expect(await takeForConductor(store.database, taker("other"), [operation.id])).toHaveLength(1);
  });

  test("the taker gets the server and what it needs of a host", async () => {
    const operation = await buildOne();
    const [taken] = await takeForConductor(store.database, taker("one"), [operation.id]);
    expect(taken).toMatchObject({
      operation: { id: operation.id, action: "create", stage: "conductor", host: null, attempt: 0 },
      server: { id: operation.serverId, vmState: "building", taskState: "scheduling", powerState: "pending" },
      networkInfo: [],
      requestSpec: { reason: "create", projectId: "project" },
    });
  });

  test("ids that are none are nobody's", async () => {
    expect(await takeForConductor(store.database, taker("one"), ["x", "' or true"])).toEqual([]);
    expect(await takeForCompute(store.database, taker("one"), "x", "h")).toBeUndefined();
    expect(await renewLease(store.database, { operationId: "x", fence: 1, host: null }, LEASE, HOUR)).toBe(false);
  });
});

describe("on a host", () => {
  test("only the compute of that host takes what is its to do, and no conductor", async () => {
    const operation = await placed("host-1");
    expect(await takeForCompute(store.database, taker("compute-b"), operation.id, "host-2")).toBeUndefined();
    expect(await takeForConductor(store.database, taker("conductor-b"), [operation.id])).toEqual([]);

    const taken = await takeForCompute(store.database, taker("compute-a"), operation.id, "host-1");
    expect(taken?.operation).toMatchObject({ attempt: 1, fence: 2, alternates: [destination("host-1-alternate")] });
    expect(taken?.server).toMatchObject({ host: "host-1", node: "host-1" });
    expect(await operationsOfHost(store.database, "host-1")).toMatchObject([{ id: operation.id }]);
  });

  test("a cast that comes twice is taken once; a new process of the host need not wait for the lease of the old one", async () => {
    const operation = await placed("host-3");
    expect(await takeForCompute(store.database, taker("life-1"), operation.id, "host-3")).toBeDefined();
    expect(await takeForCompute(store.database, taker("life-1"), operation.id, "host-3")).toBeUndefined();
    expect((await takeForCompute(store.database, taker("life-2"), operation.id, "host-3"))?.operation.fence).toBe(3);
    const old = { operationId: operation.id, fence: 2, host: "host-3" };
    expect(await changeServer(store.database, old, { taskState: "spawning" }, [])).toBe(false);
  });

  test("what one host says of another's operation is refused", async () => {
    const operation = await placed("host-4");
    const taken = await takeForCompute(store.database, taker("compute"), operation.id, "host-4");
    const foreign = { operationId: operation.id, fence: taken?.operation.fence ?? 0, host: "host-5" };
    expect(await changeServer(store.database, foreign, { vmState: "error" }, [])).toBe(false);
    expect(await finishOperation(store.database, foreign, { changes: {}, fault: null, events: [] })).toBe(false);
  });

  test("a build that fails ends in one transaction with its server, which leaves the host, its fault and its events", async () => {
    const operation = await placed("host-6");
    const taken = await takeForCompute(store.database, taker("compute"), operation.id, "host-6");
    const step = { operationId: operation.id, fence: taken?.operation.fence ?? 0, host: "host-6" };
    expect(await changeServer(store.database, step, { taskState: "spawning" }, [])).toBe(true);
    const end = {
      changes: { vmState: "error" as const },
      fault: FAULT,
      events: [{ ...EVENT, event: "compute_buildServer" }],
    };
    expect(await finishOperation(store.database, step, end)).toBe(true);
    expect(await finishOperation(store.database, { ...step, fence: step.fence - 1 }, end)).toBe(false);
    // Its answer may have been lost: whoever ended it is told so again, and nothing is written twice.
    expect(await finishOperation(store.database, step, end)).toBe(true);
    expect(await finishOperation(store.database, step, { ...end, fault: null })).toBe(false);

    expect(await findServer(store.database, operation.serverId)).toMatchObject({
      vmState: "error",
      taskState: null,
      host: null,
      fault: { code: 500, message: "It broke.", createdAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    });
    expect(await operationsOfServer(store.database, operation.serverId)).toMatchObject([
      { id: operation.id, state: "failed", message: "It broke." },
    ]);
    expect(await eventsOfOperation(store.database, operation.id)).toEqual([
      EVENT,
      { ...EVENT, event: "compute_buildServer" },
    ]);
  });

  test("a build that is given back is a conductor's, with what has been tried", async () => {
    const operation = await placed("host-7");
    const taken = await takeForCompute(store.database, taker("compute"), operation.id, "host-7");
    const step = { operationId: operation.id, fence: taken?.operation.fence ?? 0, host: "host-7" };
    expect(await returnToConductor(store.database, step, { fault: FAULT, events: [EVENT], takeWithin: 0 })).toBe(true);
    const [again] = await takeForConductor(store.database, taker("conductor"), [operation.id]);
    expect(again?.operation).toMatchObject({
      attempt: 1,
      host: null,
      alternates: [destination("host-7-alternate")],
      fence: 3,
    });
    expect(again?.server).toMatchObject({ host: null, node: null, taskState: "scheduling" });
  });

  test("a conductor takes from a compute only what no compute has", async () => {
    const operation = await placed("host-8");
    await takeForCompute(store.database, taker("compute"), operation.id, "host-8");
    expect(await takeFromCompute(store.database, taker("conductor"), [operation.id])).toEqual([]);
    await leaseOver(operation.id);
    const [taken] = await takeFromCompute(store.database, taker("conductor"), [operation.id]);
    expect(taken?.operation).toMatchObject({ stage: "conductor", host: "host-8", fence: 3 });
    expect(await takeForCompute(store.database, taker("compute-2"), operation.id, "host-8")).toBeUndefined();
  });
});

describe("a request", () => {
  test("compares and swaps the task state", async () => {
    const serverId = await active("host-9");
    const stop = {
      ...request(serverId),
      action: "stop" as const,
      vmStates: ["active" as const],
      taskStates: [null],
      taskState: "powering-off" as const,
    };
    const [one, other] = await Promise.all([
      requestOperation(store.database, stop),
      requestOperation(store.database, stop),
    ]);
    expect([one.ok, other.ok].sort()).toEqual([false, true]);
    expect(one.ok ? other : one).toEqual({
      ok: false,
      refusal: "wrongState",
      details: { vmState: "active", taskState: "powering-off" },
    });
    expect(one.ok ? one.value : other).toMatchObject(one.ok ? { stage: "compute", host: "host-9" } : { ok: true });
  });

  test("a delete makes a build that runs stale, and asked for again is the same one", async () => {
    const operation = await placed("host-10");
    const build = await takeForCompute(store.database, taker("compute"), operation.id, "host-10");
    const remove = { ...request(operation.serverId), action: "delete" as const, taskState: "deleting" as const };
    const [first, second] = [
      await requestOperation(store.database, remove),
      await requestOperation(store.database, remove),
    ];
    expect(first).toMatchObject({ ok: true, value: { stage: "compute", host: "host-10" } });
    expect(second).toEqual(first);

    const step = { operationId: operation.id, fence: build?.operation.fence ?? 0, host: "host-10" };
    expect(await renewLease(store.database, step, LEASE, HOUR)).toBe(false);
    expect(
      await finishOperation(store.database, step, { changes: { vmState: "active" }, fault: null, events: [] }),
    ).toBe(false);
    expect(await findServer(store.database, operation.serverId)).toMatchObject({ taskState: "deleting" });
  });

  test("a deleted server is gone for all who don't ask for deleted ones", async () => {
    const serverId = await active("host-11");
    const asked = await requestOperation(store.database, {
      ...request(serverId),
      action: "delete",
      taskState: "deleting",
    });
    if (!asked.ok) throw new Error(asked.refusal);
    const taken = await takeForCompute(store.database, taker("compute"), asked.value.id, "host-11");
    const step = { operationId: asked.value.id, fence: taken?.operation.fence ?? 0, host: "host-11" };
    await finishOperation(store.database, step, { changes: { vmState: "deleted" }, fault: null, events: [] });

    expect(await findServer(store.database, serverId)).toBeUndefined();
    expect(await findServerEvenDeleted(store.database, serverId)).toMatchObject({
      vmState: "deleted",
      taskState: null,
      deletedAt: expect.any(String),
      terminatedAt: expect.any(String),
    });
    expect(
      await requestOperation(store.database, { ...request(serverId), action: "delete", taskState: "deleting" }),
    ).toMatchObject({
      refusal: "serverNotFound",
    });
  });

  test("nothing but a delete is done to a server without a host", async () => {
    const { serverId } = await buildOne();
    expect(
      await requestOperation(store.database, { ...request(serverId), action: "stop", taskState: "powering-off" }),
    ).toMatchObject({
      refusal: "noHost",
    });
    expect(
      await requestOperation(store.database, { ...request(serverId), action: "delete", taskState: "deleting" }),
    ).toMatchObject({
      value: { stage: "conductor", host: null },
    });
  });
});

test("a delete that is asked for while much else is going on is what stays", async () => {
  for (let round = 0; round < 5; round += 1) {
    const operation = await placed("host-12");
    const taken = await takeForCompute(store.database, taker("compute"), operation.id, "host-12");
    const step = { operationId: operation.id, fence: taken?.operation.fence ?? 0, host: "host-12" };
    const remove = { ...request(operation.serverId), action: "delete" as const, taskState: "deleting" as const };
    await Promise.all([
      changeServer(store.database, step, { taskState: "spawning" }, [EVENT]),
      takeForCompute(store.database, taker("compute-2"), operation.id, "host-12"),
      requestOperation(store.database, remove),
      finishOperation(store.database, step, { changes: { vmState: "active" }, fault: null, events: [] }),
      renewLease(store.database, step, LEASE, HOUR),
      releaseLeases(store.database, "compute"),
      requestOperation(store.database, remove),
      dueOperations(store.database, 1_000),
    ]);
    expect(await findServer(store.database, operation.serverId)).toMatchObject({ taskState: "deleting" });
    const all = await operationsOfServer(store.database, operation.serverId);
    expect(all.filter(({ finishedAt }) => finishedAt === null)).toMatchObject([{ action: "delete" }]);
  }
});

describe("rows are locked in one order, the server's first, so that nobody waits in a circle", () => {
  type Write = (operation: Operation, fence: number) => Promise<unknown>;
  const step = ({ id }: Operation, fence: number) => ({ operationId: id, fence, host: "host-13" });
  const writes: Readonly<Record<string, Write>> = {
    changeServer: (operation, fence) => changeServer(store.database, step(operation, fence), {}, []),
    takeForCompute: ({ id }) => takeForCompute(store.database, taker("compute-2"), id, "host-13"),
    requestOperation: ({ serverId }) =>
      requestOperation(store.database, { ...request(serverId), action: "delete", taskState: "deleting" }),
  };

  test.each(Object.keys(writes))("%s", async (name) => {
    const operation = await placed("host-13");
    const taken = await takeForCompute(store.database, taker("compute"), operation.id, "host-13");
    const client = await store.database.$client.connect();
    await client.query("begin");
    await client.query("select from compute.servers where id = $1 for update", [operation.serverId]);
    const writing = writes[name]?.(operation, taken?.operation.fence ?? 0);
    await vi.waitFor(async () => {
      const { rows } = await client.query<{ blocked: number }>(
        "select count(*)::integer as blocked from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))",
      );
      expect(rows).toEqual([{ blocked: 1 }]);
    });
    await client.query("select from compute.operations where id = $1 for update nowait", [operation.id]);
    await client.query("commit");
    client.release();
    await writing;
  });
});

describe("the operations that are not over", () => {
  test("are counted by action and state, with the age of the oldest", async () => {
    const of = async (state: string) =>
      (await operationCounts(store.database)).find((one) => one.action === "create" && one.state === state);
    const [pending, running] = [await of("pending"), await of("running")];
    const operation = await buildOne();
    await store.database.execute(
      sql`update compute.operations set created_at = now() - interval '10 days' where id = ${operation.id}`,
    );
    const counted = await of("pending");
    expect(counted?.count).toBe((pending?.count ?? 0) + 1);
    expect(counted?.oldest).toBeGreaterThanOrEqual(10 * 24 * HOUR);
    await takeForConductor(store.database, taker("counted"), [operation.id]);
    expect((await of("running"))?.count).toBe((running?.count ?? 0) + 1);
    expect(await operationCounts(store.database)).toHaveLength(OPERATION_ACTIONS.length * 2);
  });
});

describe("a sweep", () => {
  test("finds what was not taken in time, and sweeps at the same time don't look at the same", async () => {
    const ids = new Set((await build(20)).map(({ id }) => id));
    const before = await dueOperations(store.database, 1_000);
    expect(before.filter(({ operation }) => ids.has(operation.id))).toEqual([]);
    await store.database.execute(
      sql`update compute.operations set due_at = now() where id = any(${sql.param([...ids])}::uuid[])`,
    );

    const sweeps = await Promise.all([1, 2, 3].map(() => dueOperations(store.database, 1_000)));
    const found = sweeps.flat().filter(({ operation }) => ids.has(operation.id));
    expect(found).toHaveLength(20);
    expect(new Set(found.map(({ operation }) => operation.id))).toEqual(ids);
    expect(found.every(({ age }) => age >= 0)).toBe(true);
    expect((await dueOperations(store.database, 1_000)).filter(({ operation }) => ids.has(operation.id))).toEqual([]);
  });
});
