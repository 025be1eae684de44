import type { ServiceRecord } from "@kilonova/contracts";
import { FakeClock, servicegroupDriverSuite } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { serviceOptions } from "../options.js";
import { memoryState } from "../state/memory-state.js";
import { type LogLine, recordingLogger } from "../testing/recording-logger.js";
import { RecordServiceGroup } from "./record-service-group.js";
import type { ServiceRecords } from "./service-records.js";

async function world(changes: (records: ServiceRecords) => Partial<ServiceRecords> = () => ({})) {
  const clock = new FakeClock();
  const lines: LogLine[] = [];
  const { serviceRecords } = memoryState(clock);
  const records = { ...serviceRecords, ...changes(serviceRecords) };
  const group = new RecordServiceGroup(records, serviceOptions.schema.parse({}), clock, recordingLogger(lines));
  const record = await records.register({ binary: "kilonova-x", topic: "x", host: "here", contracts: {} });
  const current = async () => (await records.list("x"))[0] as ServiceRecord;
  return { clock, lines, group, record, current };
}

describe("the service group of the records", () => {
  it("counts a service as up from when it joins, as long as it reports", async () => {
    const { clock, group, record, current } = await world();
    expect(group.isUp(await current())).toBe(false);
    await group.join(record);
    expect(group.isUp(await current())).toBe(true);
    await clock.advance(600_000);
    expect((await current()).silentFor).toBeLessThanOrEqual(10_000);
    await group.leave(record);
    await clock.advance(60_000);
    expect(group.isUp(await current())).toBe(true);
    await clock.advance(10_001);
    expect(group.isUp(await current())).toBe(false);
    expect(clock.sleeping).toBe(0);
  });

  it("reports as often as the service wants, where it has an interval of its own", async () => {
    const { clock, group, record, current } = await world();
    await group.join(record, 25_000);
    await clock.advance(24_999);
    expect((await current()).silentFor).toBe(24_999);
    await clock.advance(1);
    expect((await current()).silentFor).toBe(0);
    await group.leave(record);
  });

  it("counts one that is forced down as down", async () => {
    const { group, record } = await world();
    expect(group.isUp({ ...record, silentFor: 0 })).toBe(true);
    expect(group.isUp({ ...record, silentFor: 0, forcedDown: true })).toBe(false);
  });

  it("goes on when a report fails, says so once, and says when it reports again", async () => {
    let isAway = false;
    const { clock, group, lines, record } = await world((records) => ({
      report: async (id) => {
        if (isAway) throw new Error("no conductor");
        return records.report(id);
      },
    }));
    await group.join(record);
    isAway = true;
    await clock.advance(50_000);
    expect(lines).toMatchObject([{ level: "warn", fields: { service: "kilonova-x", error: "no conductor" } }]);
    isAway = false;
    await clock.advance(10_000);
    expect(lines[1]).toMatchObject({ level: "info", message: "the service reports again" });
    await group.leave(record);
  });

  it("says so when the record is gone", async () => {
    const { clock, group, lines, record } = await world((records) => ({
      report: async (id) => {
        await records.remove(id);
        return false;
      },
    }));
    await group.join(record);
    await clock.advance(10_000);
    expect(lines).toMatchObject([{ level: "warn", fields: { error: "its record is gone; restart the service" } }]);
    await group.leave(record);
  });
});

describe("the service group of the records keeps the contract", () => {
  const makeWorld = async () => {
    const clock = new FakeClock();
    const { serviceRecords } = memoryState(clock);
    const settings = serviceOptions.schema.parse({});
    let services = 0;
    return {
      driver: new RecordServiceGroup(serviceRecords, settings, clock, recordingLogger([])),
      clock,
      downTime: settings.downTime,
      register: () => {
        services += 1;
        return serviceRecords.register({ binary: "kilonova-x", topic: "x", host: `host${services}`, contracts: {} });
      },
      read: async ({ id }: ServiceRecord) => {
        const found = (await serviceRecords.list("x")).find((record) => record.id === id);
        if (!found) throw new Error(`no record ${id}`);
        return found;
      },
    };
  };
  for (const check of servicegroupDriverSuite(makeWorld)) it(check.name, check.run);
});
