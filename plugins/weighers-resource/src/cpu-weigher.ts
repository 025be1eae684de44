import { freeOf, type HostState, HostWeigher, type Options, options } from "@kilonova/plugin-api";
import { weighersResourceOptions } from "./options.js";

/** Prefers hosts with more free vCPUs. */
export class CPUWeigher extends HostWeigher {
  override readonly minimum = 0;

  constructor(@options(weighersResourceOptions) private readonly settings: Options<typeof weighersResourceOptions>) {
    super();
  }

  override multiplier(): number {
    return this.settings.cpuWeightMultiplier;
  }

  override weigh(host: HostState): number {
    return freeOf(host, "VCPU");
  }
}
