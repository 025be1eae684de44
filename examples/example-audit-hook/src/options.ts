import { optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this plugin. As long as none is written, it refuses nothing and writes to the log. */
export const auditOptions = optionGroup(
  "audit",
  z.object({
    file: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The file that gets a line for each step; from the configuration's folder where relative. None: the log.",
      ),
    names: z
      .string()
      .refine(isExpression, "expected a regular expression")
      .default("")
      .describe("A regular expression that the names of new servers have to match: ^(web|db)-."),
    deniedImages: z.array(z.string().min(1)).default([]).describe("The ids of images that no server is made from."),
  }),
);

function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
