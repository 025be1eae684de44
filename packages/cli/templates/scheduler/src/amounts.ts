import type { RequestSpec } from "@kilonova/plugin-api";

/** What one server takes, by resource class. */
export type Amounts = Readonly<Record<string, number>>;

const MIB_PER_GIB = 1024;

/** What one server of a request takes of its host: the flavor's processors, memory and disks. */
export function amountsOf({ flavor, image }: RequestSpec): Amounts {
  const rootGb = flavor.rootGb > 0 ? flavor.rootGb : (image?.minDisk ?? 0);
  const amounts = {
    VCPU: flavor.vcpus,
    MEMORY_MB: flavor.memoryMb,
    DISK_GB: rootGb + flavor.ephemeralGb + Math.ceil(flavor.swapMb / MIB_PER_GIB),
  };
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount > 0));
}
