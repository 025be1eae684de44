import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ServiceRecord, silentLogger } from "@kilonova/plugin-api";
import { FakeClock, servicegroupDriverSuite } from "@kilonova/plugin-testing";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sample-plugin-"));
});
after(() => rm(folder, { recursive: true }));

function record(): ServiceRecord {
  return {
    id: randomUUID(),
    binary: "kilonova-sample",
    topic: "sample",
    host: "host1",
    contracts: {},
    disabled: false,
    disabledReason: null,
    forcedDown: false,
    createdAt: "2030-01-01T00:00:00.000Z",
    updatedAt: "2030-01-01T00:00:00.000Z",
    lastSeenAt: null,
    silentFor: null,
  };
}

function driverWith(clock: FakeClock): SamplePlugin {
  return new SamplePlugin(samplePluginOptions.schema.parse({}), folder, clock, silentLogger);
}

async function makeWorld() {
  const clock = new FakeClock();
  return {
    driver: driverWith(clock),
    clock,
    downTime: samplePluginOptions.schema.parse({}).downTime,
    register: async () => record(),
    read: async (known: ServiceRecord) => known,
  };
}

describe("SamplePlugin does what every service group driver promises:", () => {
  for (const { name, run } of servicegroupDriverSuite(makeWorld)) it(name, run);
});

describe("SamplePlugin", () => {
  it("knows of services that report from other processes, for as long as they do", async () => {
    const [clock, theirClock] = [new FakeClock(), new FakeClock()];
    const [here, there] = [driverWith(clock), driverWith(theirClock)];
    const service = record();
    await there.join(service);
    await clock.advance(60_000);
    assert.equal(here.isUp(service), true);
    await clock.advance(1);
    assert.equal(here.isUp(service), false);
    await there.leave(service);
    await theirClock.advance(30_000);
    await there.join(service);
    assert.equal(here.isUp(service), true);
    await there.leave(service);
  });

  it("reports again and again, as often as it is told to", async () => {
    const clock = new FakeClock();
    const [here, there] = [driverWith(clock), driverWith(clock)];
    const service = record();
    await there.join(service, 30_000);
    await clock.advance(30_000);
    // The report is written: the next one is waited for.
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(29_999);
    await there.leave(service);
    await clock.advance(30_001);
    assert.equal(here.isUp(service), true);
    await clock.advance(1);
    assert.equal(here.isUp(service), false);
  });
});
