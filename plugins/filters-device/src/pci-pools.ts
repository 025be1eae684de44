import type { PciPool } from "@kilonova/plugin-api";
import type { PciRequest } from "./pci-request.js";

/**
 * The first request for which too few free devices are left once those before it have theirs.
 *
 * @param cellIds the host's NUMA cells that the server is on; undefined where it has no NUMA topology
 * @returns undefined where all get what they ask for
 */
export function unservedRequest(
  pools: readonly PciPool[],
  requests: readonly PciRequest[],
  cellIds?: readonly number[],
): PciRequest | undefined {
  const left = new Map(pools.map((pool) => [pool, pool.count]));
  return requests.find((request) => {
    const matching = pools.filter((pool) => isAskedFor(pool, request));
    const usable = cellIds ? nearEnough(matching, left, request, cellIds) : matching;
    let missing = request.count;
    for (const pool of usable) {
      const taken = Math.min(missing, left.get(pool) ?? 0);
      left.set(pool, (left.get(pool) ?? 0) - taken);
      missing -= taken;
    }
    return missing > 0;
  });
}

/** True where the devices of a pool are of the sort that is asked for. Physical functions are given only where they are named. */
export function isAskedFor(pool: PciPool, { aliases }: PciRequest): boolean {
  return aliases.some(
    (alias) =>
      isSameId(alias.vendor_id, pool.vendorId) &&
      isSameId(alias.product_id, pool.productId) &&
      (alias.device_type === undefined ? pool.deviceType !== "type-PF" : alias.device_type === pool.deviceType),
  );
}

/** Devices on the server's own cells where they are enough; beyond those as far as the policy allows. */
function nearEnough(
  pools: readonly PciPool[],
  left: ReadonlyMap<PciPool, number>,
  { count, numaPolicy }: PciRequest,
  cellIds: readonly number[],
): readonly PciPool[] {
  const amount = (some: readonly PciPool[]) => some.reduce((sum, pool) => sum + (left.get(pool) ?? 0), 0);
  const near = pools.filter(({ numaNode }) => numaNode !== null && cellIds.includes(numaNode));
  // Hosts do not tell which cells share a socket: the cell itself is all that is sure.
  if (numaPolicy === "required" || numaPolicy === "socket" || amount(near) >= count) return near;
  const unknown = pools.filter(({ numaNode }) => numaNode === null || cellIds.includes(numaNode));
  return numaPolicy === "legacy" || amount(unknown) >= count ? unknown : pools;
}

function isSameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
