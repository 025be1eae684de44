import { type HostState, HostWeigher, type Options, options } from "@kilonova/plugin-api";
import { weighersHistoryOptions } from "./options.js";

/** Prefers hosts with a newer hypervisor. */
export class HypervisorVersionWeigher extends HostWeigher {
  override readonly weightKey = "hypervisor_version_weight_multiplier";
  override readonly weight: number;

  constructor(@options(weighersHistoryOptions) settings: Options<typeof weighersHistoryOptions>) {
    super();
    this.weight = settings.hypervisorVersionWeightMultiplier;
  }

  override signature(): string {
    return "";
  }

  override weigh(host: HostState): number {
    return host.hypervisorVersion;
  }
}
