import {
  type HostState,
  HostWeigher,
  type Options,
  optionGroup,
  options,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this weigher. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    multiplier: z
      .number()
      .default(1)
      .describe("How much it counts that a host has few servers; negative: that it has many; 0: not at all."),
  }),
);

/**
 * Prefers hosts with few servers.
 *
 * Weighers are called for each host on the path of each request: they are quick, synchronous and without side effects,
 * answer finite numbers, and the same when they are asked again. What they answer is scaled to 0…1 over the hosts at hand,
 * so that the unit of a weight does not matter.
 */
export class SamplePlugin extends HostWeigher {
  /** How much this weigher counts beside the others. */
  override readonly weight: number;

  constructor(@options(samplePluginOptions) settings: Options<typeof samplePluginOptions>) {
    super();
    this.weight = settings.multiplier;
  }

  /** Higher is better. */
  override weigh(host: HostState, _request: SchedulingRequest): number {
    return -host.servers;
  }
}
