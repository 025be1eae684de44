import type { Fault } from "@kilonova/contracts";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  createServers,
  finishOperation,
  hostsChangedSince,
  listHosts,
  placeServers,
  requestOperation,
  returnToConductor,
  saveComputeNode,
  takeForCompute,
  takeForConductor,
} from "./index.js";
import { type ComputeDatabase, computeDatabase, computeNode, createRequest } from "./testing/index.js";

const LEASE = 60_000;
const HOSTS_FAULT: Fault = { code: 500, message: "It broke.", details: null };
const VETO: Fault = { code: 403, message: "Not on Sundays.", details: null };
const EVENT = {
  event: "conductor_schedule",
  host: null,
  startedAt: "2026-01-01T00:00:00.000Z",
  finishedAt: "2026-01-01T00:00:01.000Z",
  result: "Success" as const,
  details: null,
};

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());
beforeEach(async () => {
  await store.database.execute(sql`truncate compute.compute_nodes, compute.servers cascade`);
  for (const host of ["a", "b"]) await saveComputeNode(store.database, computeNode(host));
});

/** A build that the compute of a host has taken. */
async function building(host: string) {
  const created = await createServers(store.database, createRequest());
  const operation = created.ok ? created.value.operations[0] : undefined;
  if (!operation) throw new Error("one was asked for");
  const [taken] = await takeForConductor(store.database, { owner: "conductor", lease: LEASE }, [operation.id]);
  if (!taken) throw new Error("nobody else wanted it");
  const { id: operationId, fence } = taken.operation;
  const destination = { host, node: host, providerId: operation.serverId, allocations: [] };
  await placeServers(store.database, [{ operationId, fence, destination, alternates: [], event: EVENT }], 5_000);
  return { serverId: operation.serverId, step: await takenBy(host, operationId) };
}

async function takenBy(host: string, operationId: string) {
  const taken = await takeForCompute(store.database, { owner: "compute", lease: LEASE }, operationId, host);
  if (!taken) throw new Error("nobody else wanted it");
  return { operationId, fence: taken.operation.fence, host };
}

async function build(host: string, fault: Fault | null): Promise<string> {
  const { step, serverId } = await building(host);
  const vmState = fault ? "error" : "active";
  await finishOperation(store.database, step, { changes: { vmState }, fault, events: [] });
  return serverId;
}

async function failedBuilds(): Promise<Record<string, number>> {
  const hosts = await listHosts(store.database);
  return Object.fromEntries(hosts.map(({ host, failedBuilds }) => [host, failedBuilds]));
}

test("builds that fail on a host are counted until one succeeds there", async () => {
  await build("a", HOSTS_FAULT);
  await build("a", HOSTS_FAULT);
  await build("b", HOSTS_FAULT);
  expect(await failedBuilds()).toEqual({ a: 2, b: 1 });
  await build("a", null);
  expect(await failedBuilds()).toEqual({ a: 0, b: 1 });
});

test("a build that a host gives back is one that failed there", async () => {
  const { step } = await building("a");
  await returnToConductor(store.database, step, { fault: HOSTS_FAULT, events: [], takeWithin: 5_000 });
  expect(await failedBuilds()).toEqual({ a: 1, b: 0 });
});

test("an end that is told twice is counted once", async () => {
  const { step } = await building("a");
  const end = { changes: { vmState: "error" as const }, fault: HOSTS_FAULT, events: [] };
  await finishOperation(store.database, step, end);
  expect(await finishOperation(store.database, step, end)).toBe(true);
  expect(await failedBuilds()).toEqual({ a: 1, b: 0 });
});

test("what is not the host's doing is not counted", async () => {
  await build("a", VETO);
  const { step } = await building("a");
  await returnToConductor(store.database, step, { fault: VETO, events: [], takeWithin: 5_000 });
  const { serverId, step: overtaken } = await building("a");
  await requestOperation(store.database, {
    serverId,
    action: "delete",
    args: {},
    taskState: "deleting",
    requestId: "req-1",
    projectId: "project",
    userId: "user",
    takeWithin: 5_000,
  });
  await finishOperation(store.database, overtaken, { changes: { vmState: "error" }, fault: HOSTS_FAULT, events: [] });
  expect(await failedBuilds()).toEqual({ a: 0, b: 0 });
});

test("what fails of a server that was built is no failed build", async () => {
  const serverId = await build("a", null);
  const stopped = await requestOperation(store.database, {
    serverId,
    action: "stop",
    args: {},
    taskState: "powering-off",
    requestId: "req-1",
    projectId: "project",
    userId: "user",
    takeWithin: 5_000,
  });
  if (!stopped.ok) throw new Error("it may be stopped");
  const step = await takenBy("a", stopped.value.id);
  await finishOperation(store.database, step, { changes: {}, fault: HOSTS_FAULT, events: [] });
  expect(await failedBuilds()).toEqual({ a: 0, b: 0 });
});

test("builds that end on one host at the same time are all counted, and none waits in a circle", async () => {
  const builds = await Promise.all(Array.from({ length: 8 }, (_, index) => building(index % 2 ? "a" : "b")));
  await Promise.all(
    builds.map(({ step }) =>
      finishOperation(store.database, step, { changes: { vmState: "error" }, fault: HOSTS_FAULT, events: [] }),
    ),
  );
  expect(await failedBuilds()).toEqual({ a: 4, b: 4 });
});

test("a count that changes is told to schedulers, and one that does not is not written", async () => {
  const quiet = async () => {
    await store.database.execute(sql`update compute.compute_nodes set changed_at = now() - interval '1 hour'`);
    const [host] = await listHosts(store.database);
    return new Date(Date.parse(host?.changedAt ?? "") + 60_000).toISOString();
  };
  let since = await quiet();
  await build("a", null);
  expect(await hostsChangedSince(store.database, since)).toEqual([]);
  await build("a", HOSTS_FAULT);
  expect(await hostsChangedSince(store.database, since)).toMatchObject([{ host: "a", failedBuilds: 1 }]);
  since = await quiet();
  await saveComputeNode(store.database, { ...computeNode("a"), id: (await listHosts(store.database))[0]?.id ?? "" });
  expect(await failedBuilds()).toEqual({ a: 1, b: 0 });
  await build("a", null);
  expect(await hostsChangedSince(store.database, since)).toMatchObject([{ host: "a", failedBuilds: 0 }]);
});
