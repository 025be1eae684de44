import type { NetworkInfo } from "@kilonova/contracts";

/** An address of a server; with its kind and its port's hardware address where those are asked for. */
export type AddressView = {
  readonly version: 4 | 6;
  readonly addr: string;
  readonly "OS-EXT-IPS:type"?: "fixed";
  readonly "OS-EXT-IPS-MAC:mac_addr"?: string;
};

/** The addresses of a server by network. */
export function addressesView(networkInfo: NetworkInfo, extended: boolean): Record<string, AddressView[]> {
  const networks: Record<string, AddressView[]> = {};
  for (const { networkName, macAddress, addresses } of networkInfo) {
    let list = networks[networkName];
    if (!list) {
      list = [];
      networks[networkName] = list;
    }
    for (const { address, version } of addresses) {
      list.push(
        extended
          ? { version, addr: address, "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": macAddress }
          : { version, addr: address },
      );
    }
  }
  return networks;
}
