import { type HostState, HostWeigher, type Options, options } from "@kilonova/plugin-api";
import { weighersResourceOptions } from "./options.js";

/** Where so many are free, or more, none is scarce. */
const PLENTY = 99;

/**
 * Prefers hosts with fewer free PCI devices, whatever is asked for: a server that asks for none goes to a host that has
 * none, and one that asks for some to the host that has just enough, for those with too few have been dropped by then.
 */
export class PCIWeigher extends HostWeigher {
  override readonly weightKey = "pci_weight_multiplier";
  override readonly weight: number;

  constructor(@options(weighersResourceOptions) settings: Options<typeof weighersResourceOptions>) {
    super();
    this.weight = settings.pciWeightMultiplier;
  }

  override signature(): string {
    return "";
  }

  override weigh({ pciPools }: HostState): number {
    const free = pciPools.reduce((sum, { count }) => sum + count, 0);
    return PLENTY + 1 - Math.min(free, PLENTY);
  }
}
