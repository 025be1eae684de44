import { type HostState, HostWeigher, type Options, options } from "@kilonova/plugin-api";
import { fewestServersOptions } from "./options.js";

/**
 * Prefers hosts that have few servers, however large these are: what a failing host takes along is counted in servers,
 * not in memory.
 */
export class FewestServersWeigher extends HostWeigher {
  /** How much it counts; an aggregate may say otherwise for its hosts. */
  override readonly weight: number;
  override readonly weightKey = "fewest_servers_weight_multiplier";

  constructor(@options(fewestServersOptions) settings: Options<typeof fewestServersOptions>) {
    super();
    this.weight = settings.multiplier;
  }

  /** It reads nothing of a request: a host's weight holds for all of them, until the host changes. */
  override signature(): string {
    return "";
  }

  /** Higher is better, on any scale: the scheduler brings the weights of all hosts to one from 0 to 1. */
  override weigh(host: HostState): number {
    return -host.servers;
  }
}
