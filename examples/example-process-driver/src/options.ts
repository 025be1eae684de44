import { duration, optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this plugin. */
export const processDriverOptions = optionGroup(
  "processDriver",
  z.object({
    guestsPath: z
      .string()
      .min(1)
      .default("process-guests")
      .describe("The folder of guests, in a folder per host; from the configuration's folder where relative."),
    unshare: z.string().min(1).default("unshare").describe("The unshare of util-linux, a path or a name on the PATH."),
    softRebootTimeout: duration("10s").describe("How long a guest may take to end for a soft reboot."),
  }),
);
