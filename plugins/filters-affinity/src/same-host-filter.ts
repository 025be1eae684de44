import {
  HostFilter,
  type HostNarrowing,
  type HostRefusal,
  type HostState,
  type HostVerdict,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { type HintedServers, hintedServers } from "./hinted-servers.js";

const ELSEWHERE: HostRefusal = { code: "other-host", words: "hold none of the servers that the hint same_host names" };

/** Passes hosts that hold one at least of the servers that the hint `same_host` names. */
export class SameHostFilter extends HostFilter<HintedServers | undefined> {
  override readonly seesServers = true;

  override concerns(request: SchedulingRequest): boolean {
    return hintedServers(request, "same_host") !== undefined;
  }

  override prepare(request: SchedulingRequest): HintedServers | undefined {
    return hintedServers(request, "same_host");
  }

  override narrow(request: SchedulingRequest): { within: HostNarrowing; refusal: HostRefusal } | undefined {
    const servers = hintedServers(request, "same_host");
    if (!servers) return undefined;
    return { within: { providerIds: [...servers.providerIds] }, refusal: servers.refusal ?? ELSEWHERE };
  }

  override hostPasses(host: HostState, _request: SchedulingRequest, servers: HintedServers | undefined): HostVerdict {
    return !servers || servers.providerIds.has(host.providerId) || (servers.refusal ?? ELSEWHERE);
  }
}
