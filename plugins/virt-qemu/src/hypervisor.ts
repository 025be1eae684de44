import { execFile } from "node:child_process";
import { statfs } from "node:fs/promises";
import { arch, availableParallelism, cpus, totalmem, uptime } from "node:os";
import { promisify } from "node:util";
import { type HypervisorResources, KilonovaError } from "@kilonova/plugin-api";

const run = promisify(execFile);
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/**
 * The version of a QEMU as OpenStack writes it: 7.2.22 is 7002022.
 *
 * @throws KilonovaError `virt.failed` where it cannot be started, or is no QEMU.
 */
export async function qemuVersion(binary: string): Promise<number> {
  const { stdout } = await run(binary, ["--version"], { timeout: 10_000, maxBuffer: 64 * 1024 }).catch(
    (cause: unknown) => {
      throw new KilonovaError("virt.failed", `${binary} cannot be started; is QEMU (qemu-system-x86) installed?`, {
        cause,
      });
    },
  );
  const match = /^QEMU emulator version (\d+)\.(\d+)\.(\d+)/.exec(stdout);
  if (!match) throw new KilonovaError("virt.failed", `${binary} does not say which version of QEMU it is`);
  const [major = 0, minor = 0, micro = 0] = match.slice(1).map(Number);
  return major * 1_000_000 + minor * 1000 + micro;
}

/** What this host has for guests, whose disks lie under `instancesPath`. */
export async function hostResources(
  instancesPath: string,
): Promise<Omit<HypervisorResources, "hypervisorHostname" | "hypervisorType" | "hypervisorVersion">> {
  const disk = await statfs(instancesPath);
  return {
    vcpus: availableParallelism(),
    memoryMb: Math.floor(totalmem() / MIB),
    diskGb: Math.floor((disk.blocks * disk.bsize) / GIB),
    cpuInfo: { arch: arch(), model: cpus()[0]?.model ?? "unknown" },
    uptime: Math.floor(uptime()),
  };
}
