import { optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

const multiplier = (what: string) =>
  z
    .number()
    .default(1)
    .describe(
      `How much free ${what} counts; negative fills hosts up before the next is used, 0 does not count at all.`,
    );

export const weighersResourceOptions = optionGroup(
  "weighersResource",
  z.object({
    ramWeightMultiplier: multiplier("memory"),
    cpuWeightMultiplier: multiplier("vCPUs"),
    diskWeightMultiplier: multiplier("disk"),
  }),
);
