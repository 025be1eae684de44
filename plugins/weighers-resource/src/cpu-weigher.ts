import { freeOf, type HostState, HostWeigher, type Options, options } from "@kilonova/plugin-api";
import { weighersResourceOptions } from "./options.js";

/** Prefers hosts with more free vCPUs. */
export class CPUWeigher extends HostWeigher {
  override readonly minimum = 0;
  override readonly weightKey = "cpu_weight_multiplier";
  override readonly weight: number;

  constructor(@options(weighersResourceOptions) settings: Options<typeof weighersResourceOptions>) {
    super();
    this.weight = settings.cpuWeightMultiplier;
  }

  override signature(): string {
    return "";
  }

  override weigh(host: HostState): number {
    return freeOf(host, "VCPU");
  }
}
