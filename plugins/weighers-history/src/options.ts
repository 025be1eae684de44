import { NAMED_RATIO, optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

export const weighersHistoryOptions = optionGroup(
  "weighersHistory",
  z.object({
    buildFailureWeightMultiplier: z
      .number()
      .default(1_000_000)
      .meta({ mutable: true })
      .describe("How much builds that failed on a host since one succeeded count against it."),
    hypervisorVersionWeightMultiplier: z
      .number()
      .default(1)
      .meta({ mutable: true })
      .describe("How much the version of a host's hypervisor counts; negative prefers old ones."),
    imagePropsWeightMultiplier: z
      .number()
      .default(0)
      .meta({ mutable: true })
      .describe(
        "How much it counts that servers on a host came from images with the same properties; negative spreads them.",
      ),
    imagePropsWeightSetting: z
      .array(z.string().regex(NAMED_RATIO, "expected property=ratio, such as os_distro=1.0"))
      .default([])
      .meta({ mutable: true })
      .describe("Image properties with how much each counts: os_distro=2.0. None: all count, and each as 1."),
  }),
);
