import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type GuestSpec, RequestContext } from "@kilonova/plugin-api";
import { sampleServer, sampleVif, virtDriverSuite } from "@kilonova/plugin-testing";
import { GREETING, SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

function guest(): GuestSpec {
  return { server: sampleServer(), image: null, vifs: [{ vif: sampleVif(), type: "tap", details: {} }] };
}

async function makeWorld() {
  const folder = await mkdtemp(join(tmpdir(), "sample-plugin-"));
  return {
    makeDriver: async () => {
      const driver = new SamplePlugin(samplePluginOptions.schema.parse({}), folder);
      await driver.initHost("host1");
      return driver;
    },
    guest,
    greeting: GREETING,
    shutdownTimeout: 100,
    end: () => rm(folder, { recursive: true }),
  };
}

describe("SamplePlugin does what every virt driver promises:", () => {
  for (const { name, run } of virtDriverSuite(makeWorld)) it(name, run);
});

describe("SamplePlugin", () => {
  it("keeps the guests of each host apart", async () => {
    const world = await makeWorld();
    const [one, two] = [await world.makeDriver(), await world.makeDriver()];
    await two.initHost("host2");
    const spec = guest();
    await one.spawn(RequestContext.admin(), spec);
    assert.deepEqual(await one.listServers(), [spec.server.id]);
    assert.deepEqual(await two.listServers(), []);
    await world.end();
  });

  it("makes no path of what is no id", async () => {
    const world = await makeWorld();
    const driver = await world.makeDriver();
    await assert.rejects(driver.getPowerState("../host2/x"), { code: "virt.failed" });
    await world.end();
  });
});
