import { duration, objectPath, optionGroup } from "@kilonova/config";
import { z } from "zod";

export const placementOptions = optionGroup(
  "placement",
  z.object({
    manager: objectPath("service")
      .default("@kilonova/placement#PlacementManager")
      .describe("Who answers placement's calls."),
    keepDeletedProviders: duration("1d").describe(
      "How long the change feed can tell of a provider that was deleted. A scheduler that asks later reads everything again.",
    ),
    keepConsumers: duration("30d").describe(
      "How long the fence of a consumer that has nothing is remembered: longer than any operation may take.",
    ),
  }),
);
