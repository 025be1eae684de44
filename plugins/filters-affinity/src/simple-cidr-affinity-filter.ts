import { HostFilter, type HostState, type HostVerdict, type SchedulingRequest } from "@kilonova/plugin-api";
import { type Subnet, subnetAround } from "./subnet.js";

const DEFAULT_MASK = "/24";

/** What was asked for; without a subnet where it cannot be read. */
interface Neighbourhood {
  readonly subnet: Subnet | undefined;
}

/** Passes hosts whose own address is near the one of the hint `build_near_host_ip`: in one subnet, of the hint `cidr`, with it. */
export class SimpleCIDRAffinityFilter extends HostFilter<Neighbourhood> {
  override concerns({ hints }: SchedulingRequest): boolean {
    return Boolean(single(hints["build_near_host_ip"]));
  }

  override signature({ hints }: SchedulingRequest): string {
    const [address, mask] = [single(hints["build_near_host_ip"]), maskOf(hints)];
    return typeof address === "string" && typeof mask === "string"
      ? `${address} ${mask}`
      : `unreadable ${Boolean(address)}`;
  }

  override prepare({ hints }: SchedulingRequest): Neighbourhood {
    const [address, mask] = [single(hints["build_near_host_ip"]), maskOf(hints)];
    const isReadable = typeof address === "string" && typeof mask === "string";
    return { subnet: isReadable ? subnetAround(address, mask) : undefined };
  }

  override hostPasses(host: HostState, request: SchedulingRequest, { subnet }: Neighbourhood): HostVerdict {
    if (!this.concerns(request)) return true;
    if (!subnet) {
      const words = "cannot match the hints build_near_host_ip and cidr, which are no address and mask";
      return { code: "hint-unreadable", words };
    }
    return subnet.has(host.hostIp) || { code: "outside-subnet", words: `have no address in ${subnet.text}` };
  }
}

function maskOf(hints: SchedulingRequest["hints"]): unknown {
  return single(hints["cidr"]) ?? DEFAULT_MASK;
}

/** A hint may come as a list of one. */
function single(hint: unknown): unknown {
  return Array.isArray(hint) && hint.length === 1 ? hint[0] : hint;
}
