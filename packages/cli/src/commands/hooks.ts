import { Command } from "commander";
import type { CommandWorld } from "../command-world.js";

interface ListFlags {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `kilonova hooks list`: where hooks may run, and which do. */
export function hooksCommand({ argv, terminal }: CommandWorld): Command {
  const list = new Command("list")
    .description("List the hook points that are stable or have hooks, and who is on each in the order they run.")
    .option("--all", "list internal points without hooks too: every RPC method is one")
    .option("--json", "print JSON, with the schemas of payloads and results")
    .addHelpText("after", "\nA hook with `default` for a failure policy is closed in its pre and open in its post.")
    .addHelpText("after", "\nExample:\n  kilonova hooks list --config-file /etc/kilonova/kilonova.config.yaml")
    .action(async (flags: ListFlags) => {
      const { listHooks } = await import("@kilonova/deployment");
      const points = (await listHooks(argv)).filter(
        ({ stability, hooks }) => flags.all || stability === "stable" || hooks.length > 0,
      );
      if (flags.json) return terminal.print(JSON.stringify(points, null, 2));
      const { printHookPoints } = await import("../hooks/print-hook-points.js");
      printHookPoints(points, terminal);
    });
  return new Command("hooks")
    .description("Show where hooks may run, and which do.")
    .addHelpText("after", "\nExample:\n  kilonova hooks list")
    .addCommand(list);
}
