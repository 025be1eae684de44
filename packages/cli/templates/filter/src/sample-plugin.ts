import {
  freeOf,
  HostFilter,
  type HostState,
  type HostVerdict,
  type Options,
  optionGroup,
  options,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this filter. As long as nobody sets a reserve, it keeps nothing free. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    resourceClass: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/, "expected a resource class such as VCPU, MEMORY_MB, DISK_GB or CUSTOM_GPU")
      .default("MEMORY_MB")
      .describe("The resource of which something is kept free, as Placement names it."),
    reserve: z
      .number()
      .int()
      .nonnegative()
      .default(0)
      .describe("How much of it must be free on a host for the host to take a server, in the unit of the resource."),
  }),
);

/**
 * Keeps a reserve: a host of which less than `samplePlugin.reserve` is free takes no server.
 *
 * Filters are called for each host on the path of each request: they are quick, synchronous and without side effects,
 * answer the same when they are asked again, and leave host and request as they are.
 */
export class SamplePlugin extends HostFilter {
  constructor(@options(samplePluginOptions) private readonly settings: Options<typeof samplePluginOptions>) {
    super();
  }

  /**
   * @returns true where the server may go there; else a code, which is counted, and words that go on after "hosts" in the
   *   sentence that the user reads
   */
  override hostPasses(host: HostState, _request: SchedulingRequest): HostVerdict {
    const { resourceClass, reserve } = this.settings;
    if (freeOf(host, resourceClass) >= reserve) return true;
    return { code: "below-reserve", words: `have less than ${reserve} ${resourceClass} to spare` };
  }
}
