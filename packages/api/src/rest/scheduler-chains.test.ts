import { type SchedulerChain, schedulerContract } from "@kilonova/contracts";
import { DatabaseServiceRecords } from "@kilonova/database";
import type { RpcHandler } from "@kilonova/messaging";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LiveApi } from "../testing/live-api.js";

const PATH = "/kilonova/scheduler/chains";
let api: LiveApi;

beforeEach(async () => {
  api = await LiveApi.start();
});
afterEach(() => api.stop());

function chain(scheduler: string, digest: string): SchedulerChain {
  return { scheduler, digest, loadedAt: "2026-01-01T00:00:00.000Z", profiles: [] };
}

/** A scheduler that answers so; with none it has a record, and nobody listens. */
async function scheduler(host: string, answer?: RpcHandler): Promise<string> {
  const records = new DatabaseServiceRecords(api.database);
  const binary = "kilonova-scheduler";
  const { id } = await records.register({ binary, topic: "scheduler", host, contracts: {} });
  if (answer) {
    const handlers = new Map([["chain", answer]]);
    await api.rpc.serve({ topic: "scheduler", server: host }, [{ contract: schedulerContract, handlers }]);
  }
  return id;
}

test("schedulers that run the same agree", async () => {
  await scheduler("c1", async () => chain("c1", "same"));
  await scheduler("c2", async () => chain("c2", "same"));
  expect((await api.get(PATH, { as: "admin" })).body).toEqual({
    chains: [chain("c1", "same"), chain("c2", "same")],
    silent: [],
    agree: true,
  });
});

test("those that don't are told of, and those that live and do not answer", async () => {
  await scheduler("c1", async () => chain("c1", "old"));
  await scheduler("c2", async () => chain("c2", "new"));
  await scheduler("c3");
  await scheduler("c4", async () => {
    throw new TypeError("a bug");
  });
  const dead = await scheduler("c5");
  await new DatabaseServiceRecords(api.database).update(dead, { forcedDown: true });
  expect((await api.get(PATH, { as: "admin" })).body).toEqual({
    chains: [chain("c1", "old"), chain("c2", "new")],
    silent: ["c3", "c4"],
    agree: false,
  });
});

test("administrators alone are told, and where there is no scheduler there is nothing to disagree on", async () => {
  expect((await api.get(PATH)).status).toBe(403);
  expect((await api.get(PATH, { as: "admin" })).body).toEqual({ chains: [], silent: [], agree: true });
});
