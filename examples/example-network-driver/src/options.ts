import { optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this plugin. */
export const fileNetworkOptions = optionGroup(
  "fileNetwork",
  z.object({
    path: z
      .string()
      .min(1)
      .default("interfaces")
      .describe("The folder of the files, in a folder per host; from the configuration's folder where relative."),
  }),
);
