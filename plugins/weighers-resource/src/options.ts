import { NAMED_RATIO, optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

const multiplier = (what: string) =>
  z
    .number()
    .default(1)
    .meta({ mutable: true })
    .describe(
      `How much free ${what} counts; negative fills hosts up before the next is used, 0 does not count at all.`,
    );

export const weighersResourceOptions = optionGroup(
  "weighersResource",
  z.object({
    ramWeightMultiplier: multiplier("memory"),
    cpuWeightMultiplier: multiplier("vCPUs"),
    diskWeightMultiplier: multiplier("disk"),
    ioOpsWeightMultiplier: z
      .number()
      .default(-1)
      .meta({ mutable: true })
      .describe(
        "How much servers that are being built, moved or the like count; negative prefers hosts with few of them.",
      ),
    numInstancesWeightMultiplier: z
      .number()
      .default(0)
      .meta({ mutable: true })
      .describe("How much the number of servers counts; negative prefers hosts with few of them."),
    pciWeightMultiplier: z
      .number()
      .nonnegative()
      .default(1)
      .meta({ mutable: true })
      .describe(
        "How much it counts that a host has few free PCI devices: those with many are kept for who needs them.",
      ),
    metricsWeightMultiplier: z
      .number()
      .default(1)
      .meta({ mutable: true })
      .describe("How much the measurements of metricsWeightSetting count."),
    metricsWeightSetting: z
      .array(z.string().regex(NAMED_RATIO, "expected name=ratio, such as cpu.percent=-1.0"))
      .default([])
      .meta({ mutable: true })
      .describe("Measurements by name with how much each counts: cpu.percent=-1.0. What is higher is better."),
    metricsRequired: z
      .boolean()
      .default(true)
      .meta({ mutable: true })
      .describe(
        "A host without one of the measurements is an error, which MetricsFilter prevents; false gives it metricsWeightOfUnavailable.",
      ),
    metricsWeightOfUnavailable: z
      .number()
      .default(-10_000)
      .meta({ mutable: true })
      .describe("The weight of a host without one of the measurements, where they are not required."),
  }),
);
