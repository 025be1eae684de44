import { HostFilter, type HostVerdict } from "@kilonova/plugin-api";

/** Passes every host. */
export class AllHostsFilter extends HostFilter {
  override concerns(): boolean {
    return false;
  }

  override signature(): string {
    return "";
  }

  override hostPasses(): HostVerdict {
    return true;
  }
}
