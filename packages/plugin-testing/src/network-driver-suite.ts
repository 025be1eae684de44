import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { isOfKind, type NetworkDriver, RequestContext } from "@kilonova/plugin-api";
import { checksInWorld, type WorldChecks } from "./checks-in-world.js";
import type { ContractCheck } from "./contract-check.js";
import { sampleVif } from "./sample-server.js";
import { rejectsWith } from "./settled.js";

/** The drivers of one host that the checks work on. */
export interface NetworkDriverWorld {
  /** One more driver object for the same host, `initHost` done: what a restart of the compute makes. */
  makeDriver(): Promise<NetworkDriver>;
  /** What the virt driver beside it can use, best first; at least one is a type that the driver makes. */
  readonly vifTypes: readonly string[];
  /** Ends what the world holds. */
  end(): Promise<void>;
}

/** What every network driver promises, as checks for any test runner. */
export function networkDriverSuite(makeWorld: () => Promise<NetworkDriverWorld>): readonly ContractCheck[] {
  return checksInWorld(checks, makeWorld);
}

const CONTEXT = RequestContext.admin();

const checks: WorldChecks<NetworkDriverWorld> = {
  "a network driver says that it is one": async (world) => {
    assert.ok(isOfKind(await world.makeDriver(), "network-driver"), "its class does not extend NetworkDriver");
  },

  "every interface is plugged, in its order, unchanged, as a type that the virt driver can use": async (world) => {
    const driver = await world.makeDriver();
    const [serverId, vifs] = [randomUUID(), [sampleVif(), sampleVif(), sampleVif()]];
    const plugged = await driver.plug(CONTEXT, serverId, vifs, world.vifTypes);
    assert.deepEqual(
      plugged.map(({ vif }) => vif),
      vifs,
    );
    for (const { type } of plugged) assert.ok(world.vifTypes.includes(type), `the virt driver cannot use ${type}`);
    await driver.unplug(CONTEXT, serverId);
  },

  "a server without interfaces is plugged and unplugged like any other": async (world) => {
    const driver = await world.makeDriver();
    const serverId = randomUUID();
    assert.deepEqual(await driver.plug(CONTEXT, serverId, [], world.vifTypes), []);
    await driver.unplug(CONTEXT, serverId);
  },

  "plugging again gives the same, from another driver object too": async (world) => {
    const driver = await world.makeDriver();
    const [serverId, vifs] = [randomUUID(), [sampleVif(), sampleVif()]];
    const first = await driver.plug(CONTEXT, serverId, vifs, world.vifTypes);
    assert.deepEqual(await driver.plug(CONTEXT, serverId, vifs, world.vifTypes), first);
    const next = await world.makeDriver();
    assert.deepEqual(await next.plug(CONTEXT, serverId, vifs, world.vifTypes), first);
    await next.unplug(CONTEXT, serverId);
  },

  "unplugging is safe to repeat, and for a server that was never plugged": async (world) => {
    const driver = await world.makeDriver();
    const serverId = randomUUID();
    await driver.unplug(CONTEXT, serverId);
    await driver.plug(CONTEXT, serverId, [sampleVif()], world.vifTypes);
    await driver.unplug(CONTEXT, serverId);
    await driver.unplug(CONTEXT, serverId);
    await (await world.makeDriver()).unplug(CONTEXT, serverId);
  },

  "servers are plugged side by side, each with its own": async (world) => {
    const driver = await world.makeDriver();
    const servers = Array.from({ length: 8 }, () => ({ id: randomUUID(), vif: sampleVif() }));
    const plugged = await Promise.all(servers.map(({ id, vif }) => driver.plug(CONTEXT, id, [vif], world.vifTypes)));
    assert.deepEqual(
      plugged.map((each) => each.map(({ vif }) => vif)),
      servers.map(({ vif }) => [vif]),
    );
    await Promise.all(servers.map(({ id }) => driver.unplug(CONTEXT, id)));
  },

  "what no virt driver could use is refused with network.failed, and leaves nothing to undo": async (world) => {
    const driver = await world.makeDriver();
    const [serverId, vif] = [randomUUID(), sampleVif()];
    await rejectsWith("network.failed", Promise.resolve(driver.plug(CONTEXT, serverId, [vif], [])));
    await driver.unplug(CONTEXT, serverId);
    assert.equal((await driver.plug(CONTEXT, serverId, [vif], world.vifTypes)).length, 1);
    await driver.unplug(CONTEXT, serverId);
  },

  "plugging ends by the context's signal": async (world) => {
    const driver = await world.makeDriver();
    const serverId = randomUUID();
    const context = new RequestContext({}, { signal: AbortSignal.abort(new Error("given up")) });
    await assert.rejects(async () => driver.plug(context, serverId, [sampleVif()], world.vifTypes), /given up/);
    await driver.unplug(CONTEXT, serverId);
  },
};
