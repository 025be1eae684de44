import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type DriverState, type DriverValue, RequestContext } from "@kilonova/plugin-api";
import { networkManagerSuite } from "@kilonova/plugin-testing";
import { AddressRange } from "./address-range.js";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

/** What the cloud keeps for drivers, as a map. */
function driverState(): DriverState {
  const values = new Map<string, DriverValue>();
  return {
    read: async (driver, key) => values.get(`${driver} ${key}`),
    write: async (driver, key, value, version) => {
      if ((values.get(`${driver} ${key}`)?.version ?? 0) !== version) return undefined;
      values.set(`${driver} ${key}`, { value, version: version + 1 });
      return version + 1;
    },
  };
}

function makeManager(state: DriverState, written: Readonly<Record<string, unknown>> = {}): SamplePlugin {
  return new SamplePlugin(state, samplePluginOptions.schema.parse(written));
}

async function makeWorld() {
  const state = driverState();
  return { makeManager: async () => makeManager(state), end: async () => {} };
}

describe("SamplePlugin does what every network manager promises:", () => {
  for (const { name, run } of networkManagerSuite(makeWorld)) it(name, run);
});

describe("SamplePlugin", () => {
  const context = RequestContext.admin();
  const asked = { projectId: "project", fence: 1, host: "host1", networks: "auto" as const };

  it("gives out every address of its range, then says that there is none left, and gives again what was freed", async () => {
    const manager = makeManager(driverState(), { range: "10.9.0.0/29" });
    const given: unknown[] = [];
    for (const serverId of ["a", "b", "c", "d", "e"]) {
      const outcome = await manager.allocateForServer(context, { ...asked, serverId });
      given.push(outcome.ok && outcome.value[0]?.addresses[0]?.address);
    }
    assert.deepEqual(given.toSorted(), ["10.9.0.2", "10.9.0.3", "10.9.0.4", "10.9.0.5", "10.9.0.6"]);
    const late = () => manager.allocateForServer(context, { ...asked, serverId: "late" });
    assert.equal((await late()).ok, false);
    await manager.deallocateForServer(context, { serverId: "c", fence: 1 });
    const outcome = await late();
    assert.equal(outcome.ok && outcome.value[0]?.addresses[0]?.address, given[2]);
  });

  it("takes a fixed range of its option for what it is", () => {
    const range = new AddressRange("192.0.2.77/24");
    assert.deepEqual([range.gateway, range.at(0), range.size], ["192.0.2.1", "192.0.2.2", 253]);
    assert.deepEqual([range.positionOf("192.0.2.2"), range.positionOf("192.0.2.255")], [0, undefined]);
    for (const written of ["10.0.0.0", "10.0.0.0/30", "10.0.0.256/24", "fd00::/64"]) {
      assert.equal(samplePluginOptions.schema.safeParse({ range: written }).success, false, written);
    }
  });
});
