import { RequestContext } from "@kilonova/plugin-api";
import { networkDriverSuite, sampleVif } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { FakeNetworkDriver } from "./driver.js";

describe("the fake network driver", () => {
  const makeWorld = async () => ({
    makeDriver: async () => new FakeNetworkDriver(),
    vifTypes: ["bridge", "user"],
    end: async () => {},
  });
  for (const check of networkDriverSuite(makeWorld)) it(check.name, check.run);

  it("remembers what is plugged until it is unplugged", async () => {
    const [driver, vif, context] = [new FakeNetworkDriver(), sampleVif(), RequestContext.admin()];
    await driver.plug(context, "server", [vif], ["bridge", "user"]);
    expect(driver.plugged.get("server")).toEqual([{ vif, type: "bridge", details: {} }]);
    await driver.unplug(context, "server");
    expect(driver.plugged.size).toBe(0);
  });
});
