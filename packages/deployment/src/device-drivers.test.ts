import { chmod } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { detectDeviceDrivers } from "./device-drivers.js";
import { testFolder } from "./testing/folder.js";

const QEMU = "qemu-system-x86_64";

describe("the drivers of a host", () => {
  it("are QEMU's where it is on the PATH, with nothing to say of it", async () => {
    const folder = await testFolder({ [`bin/${QEMU}`]: "" });
    await chmod(join(folder, "bin", QEMU), 0o755);
    expect(await detectDeviceDrivers({ PATH: ["/nowhere", join(folder, "bin")].join(delimiter) })).toEqual({
      virtDriver: "@kilonova/virt-qemu#QemuDriver",
      networkDriver: "@kilonova/network-user#UserNetworkDriver",
      notice: undefined,
    });
  });

  it.each([
    ["nowhere on it", {}, 0o755],
    ["there and cannot be run", { [QEMU]: "" }, 0o644],
  ])("are the fake ones, with how to get real ones, where it is %s", async (_, files, mode) => {
    const folder = await testFolder(files);
    for (const name of Object.keys(files)) await chmod(join(folder, name), mode);
    const { virtDriver, networkDriver, notice } = await detectDeviceDrivers({ PATH: folder });
    expect({ virtDriver, networkDriver }).toEqual({
      virtDriver: "@kilonova/virt-fake#FakeDriver",
      networkDriver: "@kilonova/network-fake#FakeNetworkDriver",
    });
    expect(notice).toMatch(/not on the PATH.*apt-get install qemu-system-x86/);
    expect(notice).not.toContain("\n");
  });

  it("are the fake ones where there is no PATH, not those of the working folder", async () => {
    expect((await detectDeviceDrivers({})).notice).toBeTypeOf("string");
    expect((await detectDeviceDrivers({ PATH: "" })).notice).toBeTypeOf("string");
  });
});
