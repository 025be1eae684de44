import { BlockList, isIP, isIPv4 } from "node:net";

/** The addresses around one: all that have the same beginning. */
export interface Subnet {
  /** As it was asked for: `192.0.2.9/24`. */
  readonly text: string;
  has(address: string): boolean;
}

/**
 * Reads an address and a mask: `/24`, for IPv4 also `/255.255.255.0` and `/0.0.0.255`.
 *
 * @returns undefined where one of them cannot be read, or they don't go together
 */
export function subnetAround(address: string, mask: string): Subnet | undefined {
  const version = versionOf(address);
  if (version === 0 || !mask.startsWith("/")) return undefined;
  const prefix = prefixIn(mask.slice(1), version === 4 ? 32 : 128);
  if (prefix === undefined) return undefined;
  const family = version === 4 ? "ipv4" : "ipv6";
  const addresses = new BlockList();
  addresses.addSubnet(address, prefix, family);
  // The list would take an IPv4 address for the IPv6 one that it is mapped to.
  return { text: `${address}${mask}`, has: (other) => versionOf(other) === version && addresses.check(other, family) };
}

/** 4 or 6; 0 for what is no address, or one of a single link (`fe80::1%eth0`). */
function versionOf(address: string): number {
  return address.includes("%") ? 0 : isIP(address);
}

function prefixIn(mask: string, longest: number): number | undefined {
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= longest ? Number(mask) : undefined;
  if (longest !== 32 || !isIPv4(mask)) return undefined;
  const bits = mask
    .split(".")
    .map((part) => Number(part).toString(2).padStart(8, "0"))
    .join("");
  const sameBits = /^(1*)(0*)$/.exec(bits);
  if (sameBits) return sameBits[1]?.length;
  return /^(0+)1+$/.exec(bits)?.[1]?.length;
}
