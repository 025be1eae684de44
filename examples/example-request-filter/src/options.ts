import { optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this plugin. */
export const racksOptions = optionGroup(
  "racks",
  z.object({
    metadataKey: z
      .string()
      .min(1)
      .max(255)
      .default("rack")
      .describe("The key of a host aggregate's metadata under which the name of its rack stands."),
  }),
);
