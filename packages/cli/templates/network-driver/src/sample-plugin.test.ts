import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { RequestContext } from "@kilonova/plugin-api";
import { networkDriverSuite, sampleVif } from "@kilonova/plugin-testing";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

async function makeWorld() {
  const folder = await mkdtemp(join(tmpdir(), "sample-plugin-"));
  return {
    folder,
    makeDriver: async () => new SamplePlugin(samplePluginOptions.schema.parse({ statePath: "." }), folder),
    vifTypes: ["bridge", "user"],
    end: () => rm(folder, { recursive: true }),
  };
}

describe("SamplePlugin does what every network driver promises:", () => {
  for (const { name, run } of networkDriverSuite(makeWorld)) it(name, run);
});

describe("SamplePlugin", () => {
  it("writes down what is plugged until it is unplugged", async () => {
    const { folder, makeDriver, vifTypes, end } = await makeWorld();
    const [driver, vif, context] = [await makeDriver(), sampleVif(), RequestContext.admin()];
    await driver.plug(context, "server-1", [vif], vifTypes);
    const written: unknown = JSON.parse(await readFile(join(folder, "server-1.json"), "utf8"));
    assert.deepEqual(written, [{ vif, type: "bridge", details: {} }]);
    await driver.unplug(context, "server-1");
    assert.deepEqual(await readdir(folder), []);
    await end();
  });

  it("makes no path of what is no id", async () => {
    const { makeDriver, vifTypes, end } = await makeWorld();
    const driver = await makeDriver();
    await assert.rejects(driver.plug(RequestContext.admin(), "../x", [sampleVif()], vifTypes), {
      code: "network.failed",
    });
    await end();
  });
});
