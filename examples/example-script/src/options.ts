import { duration, optionGroup } from "@kilonova/config";
import { z } from "zod";

// #region group
/** The options of the script. */
export const uploadOptions = optionGroup(
  "upload",
  z.object({
    url: z.url({ protocol: /^https?$/ }).describe("Where files are put; the name of each is added to it."),
    token: z.string().min(8).optional().meta({ secret: true }).describe("What the server knows this sender by."),
    timeLimit: duration("30s").describe("How long one file may take."),
    attempts: z
      .int()
      .min(1)
      .default(3)
      .meta({ mutable: true, deprecatedNames: ["retries"] })
      .describe("How often a file is tried."),
    skip: z.array(z.string()).default([".DS_Store"]).describe("Names of files that are passed over."),
  }),
);
// #endregion
