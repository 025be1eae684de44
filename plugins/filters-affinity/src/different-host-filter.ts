import { HostFilter, type HostState, type HostVerdict, type SchedulingRequest } from "@kilonova/plugin-api";
import { type HintedServers, hintedServers } from "./hinted-servers.js";

/** Passes hosts that hold none of the servers that the hint `different_host` names. */
export class DifferentHostFilter extends HostFilter<HintedServers | undefined> {
  override readonly seesServers = true;

  override concerns(request: SchedulingRequest): boolean {
    return hintedServers(request, "different_host") !== undefined;
  }

  override prepare(request: SchedulingRequest): HintedServers | undefined {
    return hintedServers(request, "different_host");
  }

  override hostPasses(host: HostState, _request: SchedulingRequest, servers: HintedServers | undefined): HostVerdict {
    if (!servers) return true;
    if (servers.refusal) return servers.refusal;
    if (!servers.providerIds.has(host.providerId)) return true;
    return { code: "same-host", words: "hold a server that the hint different_host names", outlook: "not-now" };
  }
}
