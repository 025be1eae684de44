import { type HostState, HostWeigher, type Options, options } from "@kilonova/plugin-api";
import { fewestServersOptions } from "./options.js";

/**
 * Prefers hosts that have few servers, however large these are: what a failing host takes along is counted in servers,
 * not in memory.
 */
export class FewestServersWeigher extends HostWeigher {
  constructor(@options(fewestServersOptions) private readonly settings: Options<typeof fewestServersOptions>) {
    super();
  }

  override multiplier(): number {
    return this.settings.multiplier;
  }

  /** Higher is better, on any scale: the scheduler brings the weights of all hosts to one from 0 to 1. */
  override weigh(host: HostState): number {
    return -host.servers;
  }
}
