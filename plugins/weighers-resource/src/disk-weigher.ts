import { freeOf, type HostState, HostWeigher, type Options, options } from "@kilonova/plugin-api";
import { weighersResourceOptions } from "./options.js";

/** Prefers hosts with more free disk. */
export class DiskWeigher extends HostWeigher {
  override readonly minimum = 0;

  constructor(@options(weighersResourceOptions) private readonly settings: Options<typeof weighersResourceOptions>) {
    super();
  }

  override multiplier(): number {
    return this.settings.diskWeightMultiplier;
  }

  override weigh(host: HostState): number {
    return freeOf(host, "DISK_GB");
  }
}
