import { HostFilter, type HostState, type HostVerdict } from "@kilonova/plugin-api";

/** Passes hosts whose compute service is enabled and up. */
export class ComputeFilter extends HostFilter {
  override signature(): string {
    return "";
  }

  override hostPasses(host: HostState): HostVerdict {
    if (host.disabled) return { code: "disabled", words: "are disabled", outlook: "needs" };
    if (!host.up) return { code: "down", words: "are down", outlook: "not-now" };
    return true;
  }
}
