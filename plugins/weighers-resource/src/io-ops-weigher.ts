import { type HostState, HostWeigher, type Options, options } from "@kilonova/plugin-api";
import { weighersResourceOptions } from "./options.js";

/** Weighs how many servers of a host are being built, moved or the like. By its option, the fewer the better. */
export class IoOpsWeigher extends HostWeigher {
  override readonly minimum = 0;
  override readonly weightKey = "io_ops_weight_multiplier";
  override readonly weight: number;

  constructor(@options(weighersResourceOptions) settings: Options<typeof weighersResourceOptions>) {
    super();
    this.weight = settings.ioOpsWeightMultiplier;
  }

  override signature(): string {
    return "";
  }

  override weigh(host: HostState): number {
    return host.ioOps;
  }
}
