import { optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

export const weighersAffinityOptions = optionGroup(
  "weighersAffinity",
  z.object({
    softAffinityWeightMultiplier: z
      .number()
      .default(1)
      .meta({ mutable: true })
      .describe("How much it counts that members of a group with policy soft-affinity share a host."),
    softAntiAffinityWeightMultiplier: z
      .number()
      .default(1)
      .meta({ mutable: true })
      .describe("How much it counts that members of a group with policy soft-anti-affinity do not share a host."),
    crossCellMoveWeightMultiplier: z
      .number()
      .default(1_000_000)
      .meta({ mutable: true })
      .describe("How much it counts that a server stays in its cell. As long as there is one cell it changes nothing."),
  }),
);
