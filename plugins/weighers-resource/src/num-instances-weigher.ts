import { type HostState, HostWeigher, type Options, options } from "@kilonova/plugin-api";
import { weighersResourceOptions } from "./options.js";

/** Weighs how many servers a host has: a positive multiplier prefers many, a negative one few. */
export class NumInstancesWeigher extends HostWeigher {
  override readonly weightKey = "num_instances_weight_multiplier";
  override readonly weight: number;

  constructor(@options(weighersResourceOptions) settings: Options<typeof weighersResourceOptions>) {
    super();
    this.weight = settings.numInstancesWeightMultiplier;
  }

  override signature(): string {
    return "";
  }

  override weigh(host: HostState): number {
    return host.servers;
  }
}
