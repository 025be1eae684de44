import { answersOf, LOCK_CASES } from "@kilonova/core/lock-cases";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectDatabase } from "../connect.js";
import type { Database } from "../database.js";
import { frameworkMigrations } from "../migrations.js";
import { Migrator } from "../migrator.js";
import { checkSchema } from "../schema-status.js";
import { type TestDatabase, testDatabase } from "../testing/index.js";
import { DatabaseDriverState, DatabaseLocks, DatabaseServiceRecords } from "./index.js";

let place: TestDatabase;
let database: Database;
beforeAll(async () => {
  place = await testDatabase();
  await new Migrator(place.url, [frameworkMigrations]).migrate();
  database = await connectDatabase({
    url: place.url,
    applicationName: "framework-test",
    poolSize: 5,
    connectTimeout: 5_000,
    statementTimeout: 5_000,
  });
  await checkSchema(database, [frameworkMigrations]);
});
afterAll(async () => {
  await database.$client.end();
  await place.drop();
});

const compute = { binary: "kilonova-compute", topic: "compute", host: "h1", contracts: { compute: "1.0" } };

describe("service records", () => {
  test("there is one for each binary on each host, and what an operator set stays when it starts again", async () => {
    const records = new DatabaseServiceRecords(database);
    const made = await records.register(compute);
    expect(made).toMatchObject({ ...compute, disabled: false, lastSeenAt: null, silentFor: null });
    await records.update(made.id, { disabled: true, disabledReason: "disks" });
    const again = await records.register({ ...compute, contracts: { compute: "1.1" } });
    expect(again).toMatchObject({
      id: made.id,
      contracts: { compute: "1.1" },
      disabled: true,
      disabledReason: "disks",
    });

    await records.register({ ...compute, binary: "kilonova-conductor", topic: "conductor" });
    expect(await records.list("compute")).toHaveLength(1);
    expect(await records.list(null)).toHaveLength(2);
  });

  test("a report counts from the database's clock, and one without a record is told so", async () => {
    const records = new DatabaseServiceRecords(database);
    const { id } = await records.register(compute);
    expect(await records.report(id)).toBe(true);
    await database.$client.query("update framework.services set last_seen_at = now() - interval '90 s' where id = $1", [
      id,
    ]);
    const [record] = await records.list("compute");
    expect(record?.silentFor).toBeGreaterThanOrEqual(90_000);
    expect(record?.silentFor).toBeLessThan(190_000);
    expect(record?.lastSeenAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

    await records.remove(id);
    await records.remove(id);
    expect(await records.report(id)).toBe(false);
    expect(await records.report("no uuid")).toBe(false);
    expect(await records.update("no uuid", { disabled: true })).toBeUndefined();
  });
});

describe("locks", () => {
  test.each(LOCK_CASES)("$title", async (lockCase) => {
    const answers = await answersOf(new DatabaseLocks(database), lockCase.title, lockCase);
    expect(answers).toEqual(lockCase.steps.map(({ answer }) => answer));
  });

  test("of many who ask at the same time one gets it", async () => {
    const locks = new DatabaseLocks(database);
    const held = await Promise.all(
      Array.from({ length: 20 }, (_, holder) => locks.acquire("many", `${holder}`, 60_000)),
    );
    expect(held.filter((lock) => lock !== undefined)).toEqual([{ fence: 1 }]);
  });

  test("fences never go down, over leases that ran out and locks that were released", async () => {
    const locks = new DatabaseLocks(database);
    expect(await locks.acquire("a", "one", 0)).toEqual({ fence: 1 });
    expect(await locks.acquire("a", "two", 60_000)).toEqual({ fence: 2 });
    expect(await locks.renew("a", "one", 1, 60_000)).toBe(false);
    await locks.release("a", "one", 1);
    expect(await locks.acquire("a", "three", 60_000)).toBeUndefined();
    expect(await locks.holderOf("a")).toBe("two");

    await locks.release("a", "two", 2);
    await locks.release("a", "two", 2);
    expect(await locks.holderOf("a")).toBeUndefined();
    expect(await locks.renew("a", "two", 2, 60_000)).toBe(false);
    expect(await locks.acquire("a", "three", 60_000)).toEqual({ fence: 3 });
  });

  test("a lease that ran out while nobody asked can be renewed", async () => {
    const locks = new DatabaseLocks(database);
    await locks.acquire("b", "one", 0);
    expect(await locks.renew("b", "one", 1, 60_000)).toBe(true);
    expect(await locks.acquire("b", "two", 60_000)).toBeUndefined();
  });
});

describe("what a driver remembers", () => {
  test("changes by compare-and-swap, each host for itself", async () => {
    const [here, there] = [new DatabaseDriverState(database, "here"), new DatabaseDriverState(database, "there")];
    expect(await here.read("vlan", "ids")).toBeUndefined();
    expect(await here.write("vlan", "ids", [1], 0)).toBe(1);
    expect(await here.write("vlan", "ids", [2], 0)).toBeUndefined();
    expect(await here.write("vlan", "ids", [2], 1)).toBe(2);
    expect(await here.write("vlan", "ids", [3], 1)).toBeUndefined();
    expect(await here.read("vlan", "ids")).toEqual({ value: [2], version: 2 });
    expect(await there.read("vlan", "ids")).toBeUndefined();
  });

  test.each([[null], [0], [""], [{ a: [null] }], ["quote ' and \\ backslash"]])(
    "%j comes back as it was",
    async (value) => {
      const state = new DatabaseDriverState(database, "here");
      const key = JSON.stringify(value);
      await state.write("values", key, value, 0);
      expect(await state.read("values", key)).toEqual({ value, version: 1 });
    },
  );

  test("what is no JSON, or too long, is refused", async () => {
    const state = new DatabaseDriverState(database, "here");
    await expect(state.write("values", "x", undefined, 0)).rejects.toThrow("must be JSON");
    await expect(state.write("values", "x", "x".repeat(20_000), 0)).rejects.toThrow("16384 bytes");
  });
});
