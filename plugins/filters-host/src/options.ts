import { NAMED_RATIO, optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of the filters that look at a host's own state. */
export const filtersHostOptions = optionGroup(
  "filtersHost",
  z.object({
    maxIoOpsPerHost: z
      .number()
      .int()
      .nonnegative()
      .default(8)
      .meta({ mutable: true })
      .describe("IoOpsFilter: a host takes no more servers while so many are being built, moved or the like on it."),
    maxInstancesPerHost: z
      .number()
      .int()
      .nonnegative()
      .default(50)
      .meta({ mutable: true })
      .describe("NumInstancesFilter: so many servers may be on a host."),
    isolatedImages: z
      .array(z.string().min(1))
      .default([])
      .meta({ mutable: true })
      .describe("IsolatedHostsFilter: ids of the images whose servers go to the isolated hosts alone."),
    isolatedHosts: z
      .array(z.string().min(1))
      .default([])
      .meta({ mutable: true })
      .describe("IsolatedHostsFilter: names of the hosts that are kept for the isolated images."),
    restrictIsolatedHostsToIsolatedImages: z
      .boolean()
      .default(true)
      .meta({ mutable: true })
      .describe("IsolatedHostsFilter: the isolated hosts take no servers of other images."),
    imagePropertiesDefaultArchitecture: z
      .string()
      .min(1)
      .optional()
      .meta({ mutable: true })
      .describe("ImagePropertiesFilter: the architecture of images that name none, as x86_64."),
    metricsWeightSetting: z
      .array(z.string().regex(NAMED_RATIO, "expected a metric and its ratio, as cpu.percent=-1.0"))
      .default([])
      .meta({ mutable: true })
      .describe(
        "MetricsFilter: a host has to report each of these metrics; written as for MetricsWeigher, name=ratio.",
      ),
  }),
);
