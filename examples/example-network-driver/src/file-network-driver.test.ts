import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RequestContext } from "@kilonova/plugin-api";
import { networkDriverSuite, sampleVif } from "@kilonova/plugin-testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileNetworkDriver } from "./file-network-driver.js";
import { fileNetworkOptions } from "./options.js";

const CONTEXT = RequestContext.admin();

async function startedDriver(folder: string): Promise<FileNetworkDriver> {
  const driver = new FileNetworkDriver(fileNetworkOptions.schema.parse({}), folder);
  await driver.initHost("host1");
  return driver;
}

// #region suite
describe("FileNetworkDriver does what every network driver promises:", () => {
  async function makeWorld() {
    const folder = await mkdtemp(join(tmpdir(), "kilonova-interfaces-"));
    return {
      makeDriver: () => startedDriver(folder),
      vifTypes: ["none"],
      end: () => rm(folder, { recursive: true }),
    };
  }
  for (const { name, run } of networkDriverSuite(makeWorld)) it(name, run);
});
// #endregion

describe("FileNetworkDriver", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-interfaces-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("writes what the server has where the interface says, and removes it with the server", async () => {
    const driver = await startedDriver(folder);
    const [serverId, vif] = [randomUUID(), sampleVif()];
    const [plugged] = await driver.plug(CONTEXT, serverId, [vif], ["tap", "none"]);
    const file = join(folder, "interfaces", "host1", `${serverId}.json`);
    expect(plugged).toEqual({ vif, type: "none", details: { file } });
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ serverId, vifs: [vif] });
    await driver.unplug(CONTEXT, serverId);
    expect(await readdir(join(folder, "interfaces", "host1"))).toEqual([]);
  });

  it("says which interfaces the virt driver wants, where it makes none of these", async () => {
    const driver = await startedDriver(folder);
    await expect(driver.plug(CONTEXT, randomUUID(), [sampleVif()], ["user", "tap"])).rejects.toMatchObject({
      code: "network.failed",
      message: expect.stringContaining("the virt driver of this host uses user, tap"),
    });
  });

  it("leaves nothing behind where a file cannot be written, and says why", async () => {
    const driver = await startedDriver(folder);
    await rm(join(folder, "interfaces", "host1"), { recursive: true });
    await writeFile(join(folder, "interfaces", "host1"), "in the way");
    await expect(driver.plug(CONTEXT, randomUUID(), [sampleVif()], ["none"])).rejects.toMatchObject({
      code: "network.failed",
      message: expect.stringContaining("ENOTDIR"),
    });
    expect(await readdir(join(folder, "interfaces"))).toEqual(["host1"]);
  });

  it("takes no name for a file that leads elsewhere", async () => {
    const driver = await startedDriver(folder);
    await expect(driver.plug(CONTEXT, "../elsewhere", [], ["none"])).rejects.toThrow("is no server's id");
    await expect(driver.initHost("../elsewhere")).rejects.toThrow("cannot be the name of a host's folder");
  });
});
