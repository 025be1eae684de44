import type { Flavor, Inventories } from "@kilonova/contracts";
import type { HypervisorResources, Options } from "@kilonova/plugin-api";
import type { computeOptions } from "./options.js";

const MIB_PER_GIB = 1024;

/** Amounts by resource class, as Placement names them. */
export interface HostAmounts {
  readonly VCPU: number;
  readonly MEMORY_MB: number;
  readonly DISK_GB: number;
}

export const RESOURCE_CLASSES = ["VCPU", "MEMORY_MB", "DISK_GB"] as const satisfies readonly (keyof HostAmounts)[];

/** What a server of a flavor takes from its host. */
export function demandOf({ vcpus, memoryMb, rootGb, ephemeralGb, swapMb }: Flavor): HostAmounts {
  return { VCPU: vcpus, MEMORY_MB: memoryMb, DISK_GB: rootGb + ephemeralGb + Math.ceil(swapMb / MIB_PER_GIB) };
}

/** What a host has as Placement is told it. A class of which there is nothing is left out. */
export function inventoriesOf(host: HypervisorResources, settings: Options<typeof computeOptions>): Inventories {
  const inventories = {
    VCPU: inventory(host.vcpus, settings.reservedHostCpus, settings.cpuAllocationRatio),
    MEMORY_MB: inventory(host.memoryMb, settings.reservedHostMemoryMb, settings.ramAllocationRatio),
    DISK_GB: inventory(host.diskGb, Math.ceil(settings.reservedHostDiskMb / MIB_PER_GIB), settings.diskAllocationRatio),
  };
  return Object.fromEntries(Object.entries(inventories).filter(([, { total }]) => total > 0));
}

/** What servers may take in all. */
export function capacityOf(inventories: Inventories): HostAmounts {
  const of = (resourceClass: keyof HostAmounts) => {
    const found = inventories[resourceClass];
    return found ? Math.floor((found.total - found.reserved) * found.allocationRatio) : 0;
  };
  return { VCPU: of("VCPU"), MEMORY_MB: of("MEMORY_MB"), DISK_GB: of("DISK_GB") };
}

function inventory(total: number, reserved: number, allocationRatio: number) {
  return {
    total,
    reserved: Math.min(reserved, total),
    minUnit: 1,
    maxUnit: Math.max(total, 1),
    stepSize: 1,
    allocationRatio,
  };
}
