import { type HostState, HostWeigher, type Options, options } from "@kilonova/plugin-api";
import { weighersHistoryOptions } from "./options.js";

/** Avoids hosts on which builds fail. One that succeeds makes good for all before. */
export class BuildFailureWeigher extends HostWeigher {
  override readonly weightKey = "build_failure_weight_multiplier";
  override readonly weightSign = -1;
  override readonly weight: number;

  constructor(@options(weighersHistoryOptions) settings: Options<typeof weighersHistoryOptions>) {
    super();
    // Operators say how much failures count against a host.
    this.weight = 0 - settings.buildFailureWeightMultiplier;
  }

  override signature(): string {
    return "";
  }

  override weigh(host: HostState): number {
    return host.failedBuilds;
  }
}
