import { optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this plugin. As long as no host is named, it keeps nobody out. */
export const reservedHostsOptions = optionGroup(
  "reservedHosts",
  z.object({
    hosts: z
      .array(z.string().min(1))
      .default([])
      .describe("The names of the hosts that are reserved; * stands for any characters: gpu-*."),
    flavors: z
      .array(z.string().min(1))
      .default([])
      .describe("The names of the flavors that they are reserved for. No flavor: they take no new servers at all."),
  }),
);
