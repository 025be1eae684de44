import { isIPv4 } from "node:net";
import { KilonovaError, type PluggedVif } from "@kilonova/plugin-api";
import type { GuestNetworkDevice } from "./command-line.js";

/** The kinds of plugged interfaces that this driver can use, best first. */
export const VIF_TYPES = ["user"] as const;

/**
 * QEMU's side of a plugged interface.
 *
 * `user` is QEMU's own network in user space: no rights and no device of the host are needed. Its DHCP hands out the address that is recorded
 * for the server. Guests do not see one another, and reach what the host reaches.
 *
 * @throws KilonovaError `virt.failed` for a type that this driver cannot use.
 */
export function networkDevice({ type, vif }: PluggedVif): GuestNetworkDevice {
  if (type !== "user") {
    throw new KilonovaError(
      "virt.failed",
      `QEMU guests use interfaces of the types ${VIF_TYPES.join(", ")}, not ${type}`,
    );
  }
  const address = vif.addresses.find(({ version, address }) => version === 4 && isIPv4(address));
  const range = address && userRange(address.address, address.prefix, address.gateway);
  return { netdev: { type: "user", ipv6: false, ...range }, macAddress: vif.macAddress };
}

/**
 * The network of QEMU's user mode, in which guest, router and name server are three different addresses. Undefined where the network is too small.
 */
function userRange(address: string, prefix: number, gateway: string | null): Record<string, string> | undefined {
  if (prefix > 29) return undefined;
  const size = 2 ** (32 - prefix);
  const guest = toNumber(address);
  const first = guest - (guest % size);
  // Addresses that nobody has yet, from the end of the network, before the broadcast address.
  const free = [size - 2, size - 3, size - 4]
    .map((offset) => first + offset)
    .filter((candidate) => candidate !== guest);
  const inNetwork = gateway !== null && isIPv4(gateway) && toNumber(gateway) - (toNumber(gateway) % size) === first;
  const host = inNetwork && gateway !== address ? toNumber(gateway) : free.pop();
  const nameServer = free.find((candidate) => candidate !== host);
  if (host === undefined || nameServer === undefined) return undefined;
  return {
    net: `${toAddress(first)}/${prefix}`,
    host: toAddress(host),
    dhcpstart: address,
    dns: toAddress(nameServer),
  };
}

function toNumber(address: string): number {
  return address.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
