import { conductorState, endpointOf } from "@kilonova/core";
import { connectDatabase, type Database, frameworkMigrations, Migrator } from "@kilonova/database";
import { type TestDatabase, testDatabase } from "@kilonova/database/testing";
import { MemoryTransport, RequestContext, Rpc } from "@kilonova/messaging";
import { silentLogger, systemClock } from "@kilonova/plugin-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FrameworkEndpoint } from "./framework-endpoint.js";

let place: TestDatabase;
let database: Database;
const rpc = new Rpc(new MemoryTransport());
beforeAll(async () => {
  place = await testDatabase();
  await new Migrator(place.url, [frameworkMigrations]).migrate();
  const settings = { applicationName: "test", poolSize: 4, connectTimeout: 5_000, statementTimeout: 5_000 };
  database = await connectDatabase({ ...settings, url: place.url });
  await rpc.serve({ topic: "conductor", server: "control" }, [endpointOf(new FrameworkEndpoint(database))]);
});
afterAll(async () => {
  await database.$client.end();
  await place.drop();
});

const here = conductorState(rpc, "here", systemClock, silentLogger);
const there = conductorState(rpc, "there", systemClock, silentLogger);

test("a process without a database finds the conductor ready", async () => {
  await here.ready(RequestContext.admin().within(5_000));
});

test("and keeps its service record there", async () => {
  const registration = { binary: "kilonova-compute", topic: "compute", host: "here", contracts: { compute: "1.0" } };
  const record = await here.serviceRecords.register(registration);
  expect(record).toMatchObject(registration);
  expect(await here.serviceRecords.report(record.id)).toBe(true);
  expect(await there.serviceRecords.list("compute")).toMatchObject([{ id: record.id, silentFor: expect.any(Number) }]);
  await here.serviceRecords.remove(record.id);
  expect(await here.serviceRecords.report(record.id)).toBe(false);
  expect(await there.serviceRecords.list(null)).toEqual([]);
});

test("and its locks", async () => {
  expect(await here.locks.acquire("images", "one", 60_000)).toEqual({ fence: 1 });
  expect(await there.locks.acquire("images", "two", 60_000)).toBeUndefined();
  expect(await here.locks.renew("images", "one", 1, 60_000)).toBe(true);
  expect(await there.locks.renew("images", "two", 1, 60_000)).toBe(false);
  await here.locks.release("images", "one", 1);
  expect(await there.locks.acquire("images", "two", 60_000)).toEqual({ fence: 2 });
});

test("and what its drivers remember, apart from other hosts'", async () => {
  expect(await here.driverState.write("vlan", "ids", { used: [1] }, 0)).toBe(1);
  expect(await here.driverState.write("vlan", "ids", { used: [2] }, 0)).toBeUndefined();
  expect(await here.driverState.read("vlan", "ids")).toEqual({ value: { used: [1] }, version: 1 });
  expect(await there.driverState.read("vlan", "ids")).toBeUndefined();
});
