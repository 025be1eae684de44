import { Command, InvalidArgumentError } from "commander";
import { type CloudFlags, cloudOf, withCloudFlags } from "../cloud/cloud-flags.js";
import type { CommandWorld } from "../command-world.js";

interface Flags extends CloudFlags {
  readonly json?: boolean;
  readonly stuckAfter: string;
}

/** `kilonova status`: what lives, and what is stuck. */
export function statusCommand({ terminal, endWith }: CommandWorld): Command {
  const command = new Command("status")
    .description("Show the services of a cloud, and work on servers that is stuck.")
    .option("--stuck-after <time>", "what takes longer counts as stuck: 90s, 10m, 2h", span, "10m")
    .option("--json", "print JSON")
    .addHelpText("after", "\nEnds with 0 where every service is up and nothing is stuck, else with 1.")
    .addHelpText("after", "\nExample:\n  kilonova status --stuck-after 5m")
    .action(async (flags: Flags) => {
      const { duration } = await import("@kilonova/config");
      const stuckAfter = duration("10m").parse(flags.stuckAfter);
      const { cloudStatusSchema } = await import("@kilonova/contracts");
      const { EXIT_FAILURE } = await import("../terminal.js");
      const { printStatus, troublesOf } = await import("../status/print-status.js");
      const cloud = await cloudOf(flags);
      const status = await cloud.get(cloudStatusSchema, "/kilonova/status");
      const troubles = troublesOf(status, stuckAfter);
      if (troubles.down.length + troubles.stuck.length > 0) endWith(EXIT_FAILURE);
      if (flags.json) return terminal.print(JSON.stringify({ ...status, ...troubles }, null, 2));
      printStatus(status, troubles, terminal);
    });
  return withCloudFlags(command);
}

function span(text: string): string {
  if (/^\d{1,6}(s|m|h|d)$/.test(text)) return text;
  throw new InvalidArgumentError("It takes a time such as 90s, 10m or 2h.");
}
