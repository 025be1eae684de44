import type { ComputeNode } from "@kilonova/contracts";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { hostsChangedSince, listHosts, saveComputeNode } from "./index.js";
import { type ComputeDatabase, computeDatabase, computeNode } from "./testing/index.js";

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.database.execute(sql`truncate compute.compute_nodes`));

/** As if so much time had gone by since anything changed. */
async function age(by: string): Promise<void> {
  await store.database.execute(sql`update compute.compute_nodes set changed_at = now() - ${by}::interval`);
}

async function changedHosts(since: string): Promise<string[]> {
  return (await hostsChangedSince(store.database, since)).map(({ host }) => host);
}

test("all hosts are listed with what schedulers read of them", async () => {
  const facts = {
    supportedInstances: [{ architecture: "x86_64", hypervisorType: "kvm", vmMode: "hvm" }],
    metrics: { "cpu.percent": 12.5 },
    stats: { rack: { row: 1 } },
  };
  const node = computeNode("b", { facts, hostIp: "10.0.0.2", cpuInfo: { arch: "x86_64" } });
  await saveComputeNode(store.database, node);
  await saveComputeNode(store.database, computeNode("a"));

  const [first, second] = await listHosts(store.database);
  expect(first).toMatchObject({ host: "a", facts: {}, failedBuilds: 0 });
  expect(second).toEqual({
    id: node.id,
    host: "b",
    hypervisorHostname: "b",
    hypervisorType: "fake",
    hypervisorVersion: 1_000_000,
    hostIp: "10.0.0.2",
    cpuInfo: { arch: "x86_64" },
    facts,
    failedBuilds: 0,
    changedAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
});

test("a host whose facts are in a form of another release is one without facts", async () => {
  await saveComputeNode(store.database, computeNode("a"));
  await store.database.execute(sql`update compute.compute_nodes set facts = '{"metrics": ["of", "the", "future"]}'`);
  expect(await listHosts(store.database)).toMatchObject([{ host: "a", facts: {} }]);
});

test.each<[string, Partial<ComputeNode>, boolean]>([
  ["what it uses", { vcpusUsed: 4, memoryMbUsed: 1, runningServers: 2, uptime: 7 }, false],
  ["the same facts", { facts: { stats: { rack: "r1" } } }, false],
  ["its facts", { facts: { stats: { rack: "r2" } } }, true],
  ["its address", { hostIp: "10.0.0.9" }, true],
  ["its version", { hypervisorVersion: 2_000_000 }, true],
  ["its processor", { cpuInfo: { model: "other" } }, true],
])("a host that reports %s is among those that changed where schedulers read it", async (_, changes, isTold) => {
  const node = computeNode("a", { facts: { stats: { rack: "r1" } } });
  await saveComputeNode(store.database, node);
  await saveComputeNode(store.database, computeNode("other"));
  await age("1 hour");
  const before = (await listHosts(store.database))[0]?.changedAt ?? "";
  await saveComputeNode(store.database, { ...node, ...changes });
  const since = new Date(Date.parse(before) + 60_000).toISOString();
  expect(await changedHosts(since)).toEqual(isTold ? ["a"] : []);
});

test("a change whose transaction took its time is not missed", async () => {
  await saveComputeNode(store.database, computeNode("slow"));
  await age("20 seconds");
  await saveComputeNode(store.database, computeNode("fast"));
  const newest = (await listHosts(store.database)).map(({ changedAt }) => changedAt).sort();
  expect(await changedHosts(newest.at(-1) ?? "")).toEqual(["fast", "slow"]);
});
