import { optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

const limit = (words: string) => z.number().int().nonnegative().meta({ mutable: true }).describe(words);

/** The options of the filters that look at host aggregates. */
export const filtersAggregateOptions = optionGroup(
  "filtersAggregate",
  z.object({
    maxIoOpsPerHost: limit(
      "AggregateIoOpsFilter: how many operations may go on at a host whose aggregates have no max_io_ops_per_host.",
    ).default(8),
    maxInstancesPerHost: limit(
      "AggregateNumInstancesFilter: how many servers may be on a host whose aggregates have no max_instances_per_host.",
    ).default(50),
    aggregateImagePropertiesIsolationNamespace: z
      .string()
      .min(1)
      .optional()
      .meta({ mutable: true })
      .describe(
        "AggregateImagePropertiesIsolation: metadata counts only where its key begins with this and the separator.",
      ),
    aggregateImagePropertiesIsolationSeparator: z
      .string()
      .default(".")
      .meta({ mutable: true })
      .describe("AggregateImagePropertiesIsolation: what stands between the namespace and the rest of a key."),
  }),
);
