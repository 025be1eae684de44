import { serviceRecordSchema } from "@kilonova/contracts";
import { RequestContext } from "@kilonova/messaging";
import { FakeClock } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { answersOf, LOCK_CASES } from "../locks/lock-cases.js";
import { memoryState } from "./memory-state.js";

const registration = { binary: "kilonova-example", topic: "example", host: "here", contracts: { example: "1.0" } };

describe("the framework's state in memory", () => {
  it("keeps a service's record through its lives, and tells how long it has been silent", async () => {
    const clock = new FakeClock();
    const { serviceRecords } = memoryState(clock);
    const record = await serviceRecords.register(registration);
    expect(serviceRecordSchema.strict().parse(record)).toMatchObject({
      ...registration,
      silentFor: null,
      lastSeenAt: null,
    });
    expect(await serviceRecords.report(record.id)).toBe(true);
    await clock.advance(1_500);
    expect(await serviceRecords.list("example")).toMatchObject([{ id: record.id, silentFor: 1_500 }]);
    expect(await serviceRecords.list("other")).toEqual([]);
    expect(await serviceRecords.list(null)).toHaveLength(1);
    expect((await serviceRecords.register({ ...registration, contracts: {} })).id).toBe(record.id);
    await serviceRecords.remove(record.id);
    await serviceRecords.remove(record.id);
    expect(await serviceRecords.report(record.id)).toBe(false);
  });

  it("gives a lock to one holder at a time, with a higher fence each time", async () => {
    const clock = new FakeClock();
    const { locks } = memoryState(clock);
    expect(await locks.acquire("a", "one", 1_000)).toEqual({ fence: 1 });
    expect(await locks.acquire("a", "two", 1_000)).toBeUndefined();
    await clock.advance(900);
    expect(await locks.renew("a", "one", 1, 1_000)).toBe(true);
    await clock.advance(900);
    expect(await locks.acquire("a", "two", 1_000)).toBeUndefined();
    await clock.advance(100);
    expect(await locks.acquire("a", "two", 1_000)).toEqual({ fence: 2 });
    expect(await locks.renew("a", "one", 1, 1_000)).toBe(false);
    await locks.release("a", "one", 1);
    expect(await locks.acquire("a", "three", 1_000)).toBeUndefined();
    await locks.release("a", "two", 2);
    expect(await locks.acquire("a", "three", 1_000)).toEqual({ fence: 3 });
  });

  it("keeps copies of drivers' values, changed by who read the last version", async () => {
    const { driverState } = memoryState(new FakeClock());
    const value = { vlan: 7 };
    expect(await driverState.read("vlan", "a")).toBeUndefined();
    expect(await driverState.write("vlan", "a", value, 0)).toBe(1);
    value.vlan = 8;
    expect(await driverState.read("vlan", "a")).toEqual({ value: { vlan: 7 }, version: 1 });
    expect(await driverState.write("vlan", "a", value, 0)).toBeUndefined();
    expect(await driverState.write("vlan", "a", value, 1)).toBe(2);
    await expect(driverState.write("vlan", "b", undefined, 0)).rejects.toThrow("must be JSON");
    await expect(driverState.write("vlan", "b", "x".repeat(20_000), 0)).rejects.toThrow("16384 bytes at most");
  });

  it("is ready at once", async () => {
    await memoryState(new FakeClock()).ready(RequestContext.admin());
  });
});

describe("locks in memory", () => {
  it.each(LOCK_CASES)("$title", async (lockCase) => {
    const { locks } = memoryState(new FakeClock());
    expect(await answersOf(locks, "a", lockCase)).toEqual(lockCase.steps.map(({ answer }) => answer));
  });
});
