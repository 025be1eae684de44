import { HostFilter, type HostState, type HostVerdict } from "@kilonova/plugin-api";

/** Passes hosts whose compute service is enabled and up. */
export class ComputeFilter extends HostFilter {
  override hostPasses(host: HostState): HostVerdict {
    if (host.disabled) return { code: "disabled", words: "are disabled" };
    if (!host.up) return { code: "down", words: "are down" };
    return true;
  }
}
