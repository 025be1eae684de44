import type { NetworkInfo, Vif } from "@kilonova/contracts";
import { AddressRange } from "./address-range.js";
import type { ServerPorts } from "./addresses.js";

/** What every network here has in common. */
export interface NetworkFacts {
  readonly nameservers: readonly string[];
  readonly mtu: number;
}

/** The ports of a server as it sees them. */
export function networkInfoOf(ports: ServerPorts, facts: NetworkFacts): NetworkInfo {
  const inOrder = [...ports].sort((one, other) => one.port.deviceIndex - other.port.deviceIndex);
  return inOrder.map(({ port, network }): Vif => {
    const range = new AddressRange(network.range);
    const { version, prefix, gateway } = range;
    return {
      portId: port.id,
      networkId: network.id,
      networkName: network.name,
      macAddress: port.macAddress,
      addresses: [{ address: range.at(port.position), version, prefix, gateway }],
      nameservers: [...facts.nameservers],
      mtu: facts.mtu,
    };
  });
}
