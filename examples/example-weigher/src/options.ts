import { optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this plugin. */
export const fewestServersOptions = optionGroup(
  "fewestServers",
  z.object({
    multiplier: z
      .number()
      .default(1)
      .describe("How much few servers count beside what other weighers say; negative prefers hosts with many."),
  }),
);
