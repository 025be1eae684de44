import type { HostState, RequestSpec } from "@kilonova/plugin-api";
import { freeOf } from "@kilonova/plugin-api";

/** Amounts by resource class. None is 0. */
export type Resources = Readonly<Record<string, number>>;

const MIB_PER_GIB = 1024;

/** What a server takes from its host: what its flavor says, and disk for the image where the flavor has none. */
export function wantedResources({ flavor, image }: RequestSpec): Resources {
  const root = flavor.rootGb > 0 ? flavor.rootGb : (image?.minDisk ?? 0);
  const wanted = {
    VCPU: flavor.vcpus,
    MEMORY_MB: flavor.memoryMb,
    DISK_GB: root + flavor.ephemeralGb + Math.ceil(flavor.swapMb / MIB_PER_GIB),
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, amount]) => amount > 0));
}

/**
 * The first thing that a request asks for beyond that, which is therefore refused rather than passed over: resources
 * and traits by name.
 */
export function unknownWish({ flavor, image }: RequestSpec): string | undefined {
  const keys = [...Object.keys(flavor.extraSpecs), ...Object.keys(image?.properties ?? {})];
  return keys.find((key) => /^(resources|trait)\w*:/.test(key));
}

/** Whether a host has room for so many servers that each want the same. */
export function hasRoom(host: HostState, wanted: Resources, servers: number): boolean {
  return Object.entries(wanted).every(([resourceClass, amount]) => {
    const inventory = host.provider.inventories[resourceClass];
    if (!inventory || freeOf(host, resourceClass) < amount * servers) return false;
    const { minUnit, maxUnit, stepSize } = inventory;
    return amount >= minUnit && amount <= maxUnit && amount % stepSize === 0;
  });
}
