import { constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { computeOptions } from "@kilonova/compute";
import type { Configuration } from "@kilonova/config";
import { canAccess } from "./can-access.js";

/** Which drivers a compute takes where nobody says, and why. */
export interface DeviceDrivers {
  readonly virtDriver: string;
  readonly networkDriver: string;
  /** A sentence for the operator where guests are not real; undefined where they are. */
  readonly notice: string | undefined;
}

const QEMU = "qemu-system-x86_64";

/**
 * What stands in place of `compute.driver: auto`, and of the network driver that goes with it unless one is written.
 * Nothing where the operator named a virt driver.
 */
export async function resolveDeviceDrivers(written: Configuration) {
  const isAuto = written.get(computeOptions).driver === "auto";
  if (!isAuto) return { overrides: {}, notice: undefined };
  const { virtDriver, networkDriver, notice } = await detectDeviceDrivers();
  const network = written.writtenText("network.driver") === undefined ? { network: { driver: networkDriver } } : {};
  return { overrides: { compute: { driver: virtDriver }, ...network }, notice };
}

/** Real guests where QEMU is on the PATH, else the fake driver, and a line that says so. */
export async function detectDeviceDrivers(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<DeviceDrivers> {
  if (await isOnPath(QEMU, env["PATH"] ?? "")) {
    return {
      virtDriver: "@kilonova/virt-qemu#QemuDriver",
      networkDriver: "@kilonova/network-user#UserNetworkDriver",
      notice: undefined,
    };
  }
  return {
    virtDriver: "@kilonova/virt-fake#FakeDriver",
    networkDriver: "@kilonova/network-fake#FakeNetworkDriver",
    notice: `${QEMU} is not on the PATH: guests are made up by the fake driver. For real ones install it (Debian, Ubuntu: apt-get install qemu-system-x86 qemu-utils) and start again.`,
  };
}

async function isOnPath(program: string, path: string): Promise<boolean> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    if (await canAccess(join(folder, program), constants.X_OK)) return true;
  }
  return false;
}
