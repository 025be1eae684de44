import { HostWeigher, type Options, options } from "@kilonova/plugin-api";
import { weighersAffinityOptions } from "./options.js";

/**
 * Keeps a server that moves within its cell. There is one cell, which no move leaves: until there are more, no request is
 * a concern of this weigher, and every host weighs 0.
 */
export class CrossCellWeigher extends HostWeigher {
  override readonly weightKey = "cross_cell_move_weight_multiplier";
  override readonly weight: number;

  constructor(@options(weighersAffinityOptions) settings: Options<typeof weighersAffinityOptions>) {
    super();
    this.weight = settings.crossCellMoveWeightMultiplier;
  }

  override concerns(): boolean {
    return false;
  }

  override signature(): string {
    return "";
  }

  override weigh(): number {
    return 0;
  }
}
