import { RequestContext } from "@kilonova/plugin-api";
import { networkDriverSuite, sampleVif } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { UserNetworkDriver } from "./driver.js";

describe("the network driver for user space", () => {
  const makeWorld = async () => ({
    makeDriver: async () => new UserNetworkDriver(),
    vifTypes: ["tap", "user"],
    end: async () => {},
  });
  for (const check of networkDriverSuite(makeWorld)) it(check.name, check.run);

  it("says in words that the virt driver cannot use it", async () => {
    const plugging = new UserNetworkDriver().plug(RequestContext.admin(), "server", [sampleVif()], ["tap", "bridge"]);
    await expect(plugging).rejects.toMatchObject({
      code: "network.failed",
      message: expect.stringContaining("it uses tap, bridge"),
    });
  });
});
